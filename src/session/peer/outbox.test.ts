import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { outcome } from '../../../test/tools/probes.ts'
import { type FrameData, MAX_UNFINISHED } from '../../wire/chunks.ts'
import type { Connection } from './connection.ts'
import { Outbox } from './outbox.ts'

const FULL = 256 * 1024
const LONG = 'x'.repeat(150 * 1024)

class HeldConnection implements Connection {
  onRoom?: (() => void) | undefined
  buffered = 0
  readonly sent: FrameData[] = []

  send(data: FrameData): void {
    this.sent.push(data)
  }

  close(): void {}
}

let connection: HeldConnection
let outbox: Outbox

/** What was sent, each frame by its first characters. */
function heads(): string[] {
  return connection.sent.map((frame) => String(frame).slice(0, 3))
}

beforeEach(() => {
  vi.useFakeTimers()
  connection = new HeldConnection()
  outbox = new Outbox(connection)
})

afterEach(() => {
  outbox.close()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

test('a frame goes out at once while there is room', () => {
  expect(outbox.send('1', 'frame', true)).toBeUndefined()
  expect(connection.sent).toEqual(['frame'])
})

test('a frame waits while the connection is full, and goes when that says that it has room', async () => {
  connection.buffered = FULL
  const sent = outbox.send('1', 'frame', true) as Promise<void>
  expect(await outcome(sent)).toBe('pending')
  connection.buffered = 0
  connection.onRoom?.()
  expect(await outcome(sent)).toEqual({ value: undefined })
  expect(connection.sent).toEqual(['frame'])
})

test('a connection that does not tell is asked, more and more rarely', async () => {
  connection.buffered = FULL
  const asked = vi.fn(() => FULL)
  Object.defineProperty(connection, 'buffered', { configurable: true, get: asked })
  void outbox.send('1', 'frame', true)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(asked.mock.calls.length).toBeLessThan(150)
  Object.defineProperty(connection, 'buffered', { get: () => 0 })
  await vi.advanceTimersByTimeAsync(320)
  expect(connection.sent).toEqual(['frame'])
})

test('chunks of a long frame let the frames of others pass in between', () => {
  connection.buffered = FULL
  void outbox.send('a', LONG, true)
  void outbox.send('b', '{b1', true)
  void outbox.send('c', '{c1', true)
  connection.buffered = 0
  outbox.flush()
  expect(heads()).toEqual(['(a ', '{b1', '{c1', '+a ', ')a '])
})

test('a peer that knows no chunks gets a long frame whole', () => {
  void outbox.send('a', LONG, false)
  expect(connection.sent).toEqual([LONG])
})

test('no more long frames are under way at a time than the other side puts together', () => {
  connection.buffered = FULL
  const count = MAX_UNFINISHED + 4
  for (let id = 0; id < count; id++) void outbox.send(String.fromCharCode(97 + id), LONG, true)
  connection.buffered = 0
  outbox.flush()
  let open = 0
  let most = 0
  for (const head of heads()) {
    if (head.startsWith('(')) open++
    if (head.startsWith(')')) open--
    most = Math.max(most, open)
  }
  expect(open).toBe(0)
  expect(most).toBe(MAX_UNFINISHED)
  expect(heads().filter((head) => head.startsWith(')'))).toHaveLength(count)
})

test('what is dropped is not sent any further, and nobody waits for it', async () => {
  connection.buffered = FULL
  const sent = outbox.send('a', LONG, true) as Promise<void>
  void outbox.send('b', '{b1', true)
  outbox.drop('a')
  expect(await outcome(sent)).toEqual({ value: undefined })
  connection.buffered = 0
  outbox.flush()
  expect(heads()).toEqual(['{b1'])
})

test('dropping a long frame lets one that was held back go', () => {
  connection.buffered = FULL
  for (let id = 0; id <= MAX_UNFINISHED; id++) void outbox.send(String(id), LONG, true)
  for (let id = 0; id < MAX_UNFINISHED; id++) outbox.drop(String(id))
  connection.buffered = 0
  outbox.flush()
  expect(heads()).toEqual(['(8 ', '+8 ', ')8 '])
})

test('after the end nobody waits and nothing is sent', async () => {
  connection.buffered = FULL
  const sent = outbox.send('a', 'frame', true) as Promise<void>
  outbox.close()
  expect(await outcome(sent)).toEqual({ value: undefined })
  connection.buffered = 0
  outbox.sendNow('late')
  expect(outbox.send('a', 'late', true)).toBeUndefined()
  expect(connection.sent).toEqual([])
})
