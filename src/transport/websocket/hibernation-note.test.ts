import { describe, expect, test, vi } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
import { os } from '../../server/builder.ts'
import { RPCHandler } from './rpc-handler.ts'
import type { SocketLike } from './socket-connection.ts'

/** A socket of Workers, of which a life has its own object: what is kept is its attachment. */
class FakeSocket implements SocketLike {
  readonly sent: unknown[] = []
  readonly closed: unknown[] = []
  readonly addEventListener = (): void => {}
  readyState = 1
  attachment: unknown

  constructor(attachment: unknown = null) {
    this.attachment = attachment
  }

  send(data: unknown): void {
    this.sent.push(data)
  }

  close(code: number): void {
    this.closed.push(code)
    this.readyState = 3
  }

  serializeAttachment(value: unknown): void {
    if (JSON.stringify(value).length > 2000) throw new Error('Too large')
    this.attachment = structuredClone(value)
  }

  deserializeAttachment(): unknown {
    return structuredClone(this.attachment)
  }
}

const router = { who: os.$context<{ user?: string }>().handler(({ context }) => context.user ?? 'nobody') }
const call = '{"i":"1","p":{"u":"/who","b":{}}}'
const answer = (user: string): string => `{"i":"1","p":{"b":{"json":"${user}"}}}`

const wake = (socket: FakeSocket): FakeSocket => new FakeSocket(socket.attachment)

describe('a socket that its object does not know', () => {
  test('is closed at a call when it was upgraded with a context', () => {
    const before = new FakeSocket()
    new RPCHandler(router).upgrade(before, { context: { user: 'Ada' } })
    const socket = wake(before)
    new RPCHandler(router).message(socket, call)
    expect([socket.sent, socket.closed]).toEqual([[], [4002]])
  })

  test('is closed at a call when it was upgraded to prove itself', () => {
    const before = new FakeSocket()
    const handler = new RPCHandler(router)
    handler.upgrade(before, { authenticate: () => ({ context: { user: 'Ada' } }) })
    handler.close(before)
    const socket = wake(before)
    new RPCHandler(router).message(socket, call)
    expect(socket.closed).toEqual([4002])
  })

  test.each([undefined, {}])('is served when it was upgraded with the context %o', async (context) => {
    const before = new FakeSocket({ own: 1 })
    new RPCHandler(router).upgrade(before, { context })
    expect(before.attachment).toMatchObject({ own: 1 })
    const socket = wake(before)
    new RPCHandler(router).message(socket, call)
    await vi.waitFor(() => expect(socket.sent).toEqual([answer('nobody')]))
  })

  test('is served with the context of the message', async () => {
    const before = new FakeSocket()
    new RPCHandler(router).upgrade(before, { context: { user: 'Ada' } })
    const socket = wake(before)
    new RPCHandler(router).message(socket, call, { context: { user: 'Grace' } })
    await vi.waitFor(() => expect(socket.sent).toEqual([answer('Grace')]))
  })

  test('is served when it was never upgraded', async () => {
    const socket = new FakeSocket()
    new RPCHandler(router).message(socket, call)
    await vi.waitFor(() => expect(socket.sent).toEqual([answer('nobody')]))
  })

  test('is closed when the note of its upgrade was replaced', () => {
    const socket = new FakeSocket({ own: 1 })
    new RPCHandler(router).message(socket, call)
    expect(socket.closed).toEqual([4002])
  })

  test.each(['text', ['list'], { long: 'x'.repeat(1990) }])('keeps an attachment that takes no note', (attachment) => {
    const socket = new FakeSocket(attachment)
    new RPCHandler(router).upgrade(socket, { context: { user: 'Ada' } })
    expect(socket.attachment).toEqual(attachment)
  })

  test('speaks headwater.1 if that was agreed upon', () => {
    const before = new FakeSocket()
    new RPCHandler(router).upgrade(before, { protocol: 'headwater.1' })
    expect(before.sent).toEqual(['{"t":5,"p":{"heartbeat":15000}}'])
    const socket = wake(before)
    new RPCHandler(router).message(socket, '{"t":6}')
    expect(socket.sent).toEqual(['{"t":5,"p":{"heartbeat":15000}}', '{"t":7}'])
  })
})

describe('a socket that may sleep', () => {
  test('keeps nothing awake but while a call is under way', async () => {
    vi.useFakeTimers()
    try {
      const socket = new FakeSocket()
      const released = gate<string>()
      const handler = new RPCHandler({ who: os.handler(() => released.opened) })
      handler.upgrade(socket)
      expect(vi.getTimerCount()).toBe(0)
      handler.message(socket, call)
      expect(vi.getTimerCount()).toBe(1)
      released.open('Ada')
      await vi.advanceTimersByTimeAsync(0)
      expect(socket.sent).toEqual([answer('Ada')])
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('is closed at a call after its credentials have expired', async () => {
    vi.useFakeTimers()
    try {
      const socket = new FakeSocket()
      const handler = new RPCHandler(router)
      handler.upgrade(socket, { authenticate: () => ({ expires: Date.now() + 60_000 }) })
      handler.message(socket, call)
      await vi.advanceTimersByTimeAsync(0)
      expect(vi.getTimerCount()).toBe(0)
      vi.setSystemTime(Date.now() + 60_000)
      handler.message(socket, call)
      expect([socket.sent, socket.closed]).toEqual([[answer('nobody')], [4001]])
    } finally {
      vi.useRealTimers()
    }
  })

  test('answers the close of its client', () => {
    const socket = new FakeSocket()
    const handler = new RPCHandler(router)
    handler.upgrade(socket)
    socket.readyState = 2
    handler.close(socket)
    expect(socket.closed).toEqual([1000])
  })
})
