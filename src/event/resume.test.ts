import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  createStream,
  done,
  event,
  FakeSource,
  nextValue,
  position,
  settled,
  startStream,
  waits,
} from '../../test/tools/resumable-stream.ts'
import { RPCError } from '../core/error.ts'
import { getEventMeta } from './event-meta.ts'

const REFUSED = new Error('connection refused')
const END = { done: true, value: undefined }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('a stream that ends by itself', () => {
  test('gives its events with their meta, then its last value', async () => {
    const source = new FakeSource(event({ n: 1 }, { id: '1', comments: ['c'] }), event('two'), done('bye'))
    const { stream, opened, states } = await startStream([source])
    const { value } = await stream.next()
    expect([value, getEventMeta(value)]).toEqual([{ n: 1 }, { id: '1', comments: ['c'] }])
    expect(await stream.next()).toEqual({ done: false, value: 'two' })
    expect(await stream.next()).toEqual({ done: true, value: 'bye' })
    expect(await stream.next()).toEqual(END)
    expect(opened).toEqual([undefined])
    expect(states.map(({ status }) => status)).toEqual(['connecting', 'open', 'closed'])
    expect(source.closed).toBe(1)
  })

  test('fails with the error that the server sent, and is not opened again', async () => {
    const error = new RPCError('SERVICE_UNAVAILABLE')
    const { stream, opened, states } = await startStream([new FakeSource(position('1'), { type: 'error', error })])
    await expect(stream.next()).rejects.toBe(error)
    expect(await stream.next()).toEqual(END)
    expect(opened).toHaveLength(1)
    expect(states.at(-1)).toEqual({ status: 'closed', error })
  })
})

describe('a stream that is cut', () => {
  test('goes on after the last id, and reports every step', async () => {
    const first = new FakeSource(event({ n: 1 }, { id: '1' }), 'cut')
    const { stream, opened, states } = await startStream([first, new FakeSource(event({ n: 2 }, { id: '2' }), done())])
    expect(await nextValue(stream)).toEqual({ n: 1 })
    expect(await nextValue(stream)).toEqual({ n: 2 })
    await stream.next()
    expect(opened).toEqual([undefined, '1'])
    expect(first.closed).toBe(1)
    expect(states).toEqual([
      { status: 'connecting' },
      { status: 'open' },
      { status: 'waiting', retry: 1, delay: 500 },
      { status: 'connecting' },
      { status: 'open' },
      { status: 'closed' },
    ])
  })

  test('goes on after a position that came without an event', async () => {
    const { stream, opened } = await startStream([
      new FakeSource(position('head'), 'cut'),
      new FakeSource(event(1), done()),
    ])
    expect(await nextValue(stream)).toBe(1)
    expect(opened).toEqual([undefined, 'head'])
    await stream.return()
  })

  test('keeps the id over events that carry none', async () => {
    const first = new FakeSource(event({}, { id: '1' }), event(2), event({}, { retry: 0 }), 'cut')
    const { stream, opened } = await startStream([first, new FakeSource(done('bye'))])
    for (let n = 0; n < 3; n++) await stream.next()
    expect(await nextValue(stream)).toBe('bye')
    expect(opened).toEqual([undefined, '1'])
  })

  test.each([undefined, '5'])('is opened again from %s when it has delivered nothing', async (lastEventId) => {
    const silent = new FakeSource({ type: 'alive' }, 'cut')
    const { stream, opened } = await startStream([silent, new FakeSource(done('bye'))], { lastEventId })
    expect(await nextValue(stream)).toBe('bye')
    expect(opened).toEqual([lastEventId, lastEventId])
  })

  test.each([undefined, '5'])('fails from %s when it has delivered events without ids', async (lastEventId) => {
    const { stream, opened, states } = await startStream([new FakeSource(event(1), 'cut')], { lastEventId })
    expect(await stream.next()).toEqual({ done: false, value: 1 })
    const error = await settled(stream.next())
    expect(error).toMatchObject({ code: 'STREAM_INTERRUPTED', message: expect.stringContaining('no ids') })
    expect(opened).toHaveLength(1)
    expect(states.at(-1)).toEqual({ status: 'closed', error })
  })

  test("is run again without ids in the mode 'always'", async () => {
    const { stream, opened } = await startStream([new FakeSource(event(1), 'cut'), new FakeSource(event(1), done())], {
      mode: 'always',
    })
    expect([await nextValue(stream), await nextValue(stream)]).toEqual([1, 1])
    expect(opened).toEqual([undefined, undefined])
    await stream.return()
  })

  test('fails in the mode false, whatever it has delivered', async () => {
    for (const frames of [[], [event({}, { id: '1' })], [event(1)]]) {
      const { stream, opened } = await startStream([new FakeSource(...frames, 'cut')], { mode: false })
      for (const _ of frames) await stream.next()
      await expect(stream.next()).rejects.toMatchObject({ code: 'STREAM_INTERRUPTED' })
      expect(opened).toHaveLength(1)
    }
  })
})

describe('a refusal', () => {
  const positioned = (): FakeSource => new FakeSource(position('1'), 'cut')

  test.each([400, 401, 403, 404, 410, 422, 499])('with %i is final when it reconnects', async (status) => {
    const error = new RPCError('NO', { status })
    const { stream, opened, states } = await startStream([positioned(), error])
    await expect(nextValue(stream)).rejects.toBe(error)
    expect(opened).toEqual([undefined, '1'])
    expect(states.at(-1)).toEqual({ status: 'closed', error })
  })

  test.each([408, 425, 429, 500, 502, 503, 504])('with %i is tried again', async (status) => {
    const { stream, opened } = await startStream([
      positioned(),
      new RPCError('X', { status }),
      new FakeSource(done('bye')),
    ])
    expect(await nextValue(stream)).toBe('bye')
    expect(opened).toEqual([undefined, '1', '1'])
  })

  test('by the network is tried again, after longer and longer waits', async () => {
    const { stream, states } = await startStream([positioned(), REFUSED, REFUSED, REFUSED, new FakeSource(done('bye'))])
    expect(await nextValue(stream)).toBe('bye')
    expect(waits(states)).toEqual([500, 1000, 2000, 4000])
  })

  test.each([true, false] as const)('of the first opening is final in the mode %s', async (mode) => {
    const { stream, states } = createStream([REFUSED], { mode })
    await expect(stream.start()).rejects.toBe(REFUSED)
    expect(states).toEqual([{ status: 'connecting' }, { status: 'closed', error: REFUSED }])
    expect(await stream.next().catch(() => END)).toEqual(END)
  })

  test("of the first opening is tried again in the mode 'always', unless the server said so", async () => {
    const { stream, opened } = await startStream([REFUSED, new FakeSource(event(1), done())], { mode: 'always' })
    expect(await nextValue(stream)).toBe(1)
    expect(opened).toHaveLength(2)
    await stream.return()
    const error = new RPCError('FORBIDDEN')
    await expect(startStream([error], { mode: 'always' })).rejects.toBe(error)
  })
})
