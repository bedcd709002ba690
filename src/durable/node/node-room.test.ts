import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MemoryLog } from '../../publisher/memory-log.ts'
import { Publisher } from '../../publisher/publisher.ts'
import type { AcceptingResponse } from '../offer.ts'
import type { RoomSocket } from '../room.ts'
import { NodeRoom, type RoomEvent } from './node-room.ts'

const EVERYBODY = {}

let log: MemoryLog
let publisher: Publisher<Record<string, RoomEvent>>
let room: NodeRoom

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] })
  log = new MemoryLog()
  publisher = new Publisher(log)
  room = new NodeRoom({
    publisher,
    channel: 'room',
    retentionSeconds: 300,
    customSerializers: undefined,
    serve: () => {},
    onSubscribed: () => {},
    onGap: 'fail',
    onClose: () => {},
    onEmpty: () => {},
  })
})

afterEach(async () => {
  vi.useRealTimers()
  await publisher.close()
  await log.close()
})

/** A client whose token is good for so long, and the codes that it is closed with. */
function seat({ seconds, tags = [] }: { seconds: number; tags?: string[] }): { socket: RoomSocket; codes: unknown[] } {
  const codes: unknown[] = []
  const socket = { send: () => {}, close: (code?: number) => void codes.push(code), addEventListener: () => {} }
  const now = Math.floor(Date.now() / 1000)
  const payload = { chn: 'room', att: undefined, tags, rpc: [], iat: now, exp: now + seconds }
  const response: AcceptingResponse = room.upgrade({ payload, seat: 'abcdefghijklmnop' })
  response['~accept']?.(socket)
  return { socket, codes }
}

const HISTORY = { lastEventId: undefined, since: 0 }

test.each(['history', 'live events'])('a token that expires ends %s', async (kind) => {
  const { socket, codes } = seat({ seconds: 10 })
  if (kind === 'history') for (const text of ['one', 'two']) await room.publish({ text }, EVERYBODY)
  const stream = room.subscribe(socket, HISTORY, new AbortController().signal)
  if (kind === 'live events') {
    await stream['~position']?.ready
    for (const text of ['one', 'two']) await room.publish({ text }, EVERYBODY)
  }
  expect((await stream.next()).value).toEqual({ text: 'one' })
  const before = stream['~position']?.cursor()
  // Before any timer has told.
  vi.setSystemTime(Date.now() + 10_000)
  const next = stream.next()
  await vi.waitFor(() => expect(codes).toEqual([4001]))
  // Whoever comes back with a fresh token gets it.
  expect(stream['~position']?.cursor()).toBe(before)
  await stream.return?.()
  expect(await next).toEqual({ done: true, value: undefined })
})

test('a token closes its socket when it expires, however far away that is', async () => {
  const { codes } = seat({ seconds: 60 * 24 * 3600 })
  await vi.advanceTimersByTimeAsync(59 * 24 * 3600_000)
  expect(codes).toEqual([])
  await vi.advanceTimersByTimeAsync(24 * 3600_000)
  expect(codes).toEqual([4001])
})
