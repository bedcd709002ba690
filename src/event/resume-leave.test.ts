import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { gate } from '../../test/tools/gate.ts'
import {
  advance,
  createStream,
  cutSource,
  done,
  event,
  FakeSource,
  retryHint,
  settled,
  startStream,
  waitingStream,
} from '../../test/tools/resumable-stream.ts'

const END = { done: true, value: undefined }
const REASON = new Error('the caller has had enough')

/** An opening that only the signal ends, with an error of its own. */
function openUntilAborted(_: unknown, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('socket hang up')))
  })
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe("the caller's abort", () => {
  let controller: AbortController
  beforeEach(() => {
    controller = new AbortController()
  })

  test('rejects a pending next() with its reason and closes the transport', async () => {
    const source = new FakeSource()
    const { stream, states } = await startStream([source], { signal: controller.signal })
    const pending = settled(stream.next())
    controller.abort(REASON)
    expect(await pending).toBe(REASON)
    expect(source.closed).toBeGreaterThan(0)
    expect(states.at(-1)).toEqual({ status: 'closed' })
    expect(await stream.next()).toEqual(END)
  })

  test('rejects the next next() when none is pending, and closes the transport at once', async () => {
    const source = new FakeSource(event(1))
    const { stream } = await startStream([source], { signal: controller.signal })
    controller.abort(REASON)
    expect(source.closed).toBeGreaterThan(0)
    await expect(stream.next()).rejects.toBe(REASON)
  })

  test('ends a wait with its reason', async () => {
    const { opened, states, pending } = await waitingStream([cutSource()], { signal: controller.signal })
    controller.abort(REASON)
    expect(vi.getTimerCount()).toBe(0)
    expect(await pending).toBe(REASON)
    expect(opened).toHaveLength(1)
    expect(states.at(-1)).toEqual({ status: 'closed' })
  })

  test('gives up an opening, with its reason', async () => {
    const opening = vi.fn(openUntilAborted).mockResolvedValueOnce(cutSource() as never)
    const { pending } = await waitingStream([], { signal: controller.signal, open: opening })
    await advance(500)
    expect(opening).toHaveBeenCalledTimes(2)
    controller.abort(REASON)
    expect(await pending).toBe(REASON)
    expect(opening.mock.lastCall?.[1].reason).toBe(REASON)
  })

  test('closes a transport that opens in spite of it, and rejects with its reason', async () => {
    const opening = gate<FakeSource>()
    const late = new FakeSource()
    const { pending } = await waitingStream([cutSource(), opening.opened], { signal: controller.signal })
    await advance(500)
    controller.abort(REASON)
    opening.open(late)
    expect(await pending).toBe(REASON)
    expect(late.closed).toBe(1)
  })

  test('gives up the first opening, with its reason', async () => {
    const { stream } = createStream([], { signal: controller.signal, open: openUntilAborted })
    const starting = settled(stream.start())
    controller.abort(REASON)
    expect(await starting).toBe(REASON)
  })

  test('during the first opening has a transport closed that opens in spite of it', async () => {
    const opening = gate<FakeSource>()
    const late = new FakeSource(event(1))
    const { stream, states } = createStream([opening.opened], { signal: controller.signal })
    const starting = settled(stream.start())
    controller.abort(REASON)
    opening.open(late)
    await starting
    expect(late.closed).toBe(1)
    await expect(stream.next()).rejects.toBe(REASON)
    expect(states.map(({ status }) => status)).toEqual(['connecting', 'closed'])
  })

  test('of long ago lets nothing begin', async () => {
    const source = new FakeSource(event(1))
    const { stream, states } = createStream([], { signal: AbortSignal.abort(REASON) })
    stream.adopt(source)
    await expect(stream.next()).rejects.toBe(REASON)
    expect(source.closed).toBe(1)
    expect(states).toEqual([{ status: 'closed' }])
  })

  test('is not listened for any more when the stream has ended', async () => {
    const off = vi.spyOn(controller.signal, 'removeEventListener')
    const { stream, states } = await startStream([new FakeSource(done())], { signal: controller.signal })
    await stream.next()
    expect(off).toHaveBeenCalledTimes(1)
    controller.abort(REASON)
    expect(states.filter(({ status }) => status === 'closed')).toHaveLength(1)
  })
})

describe('a consumer that leaves', () => {
  test('during a wait leaves no timer behind', async () => {
    const { stream, opened, states, pending } = await waitingStream()
    await stream.return()
    expect(vi.getTimerCount()).toBe(0)
    expect(await pending).toEqual(END)
    await advance(60_000)
    expect(opened).toHaveLength(1)
    expect(states.at(-1)).toEqual({ status: 'closed' })
  })

  test('after a nudge during a wait leaves no timer behind either', async () => {
    const { stream, pending } = await waitingStream([new FakeSource(retryHint(1000), 'cut')])
    stream.nudge()
    await stream.return()
    expect(vi.getTimerCount()).toBe(0)
    expect(await pending).toEqual(END)
  })

  test('while the transport is silent closes it and opens no other', async () => {
    const source = new FakeSource()
    const { stream, opened, states } = await startStream([source])
    const pending = stream.next()
    await stream.return()
    expect(await pending).toEqual(END)
    await advance(60_000)
    expect([source.closed > 0, opened.length]).toEqual([true, 1])
    expect(states.map(({ status }) => status)).toEqual(['connecting', 'open', 'closed'])
  })

  test('while a transport opens has it closed when it is there', async () => {
    const opening = gate<FakeSource>()
    const late = new FakeSource()
    const { stream, opened, pending } = await waitingStream([cutSource(), opening.opened])
    await advance(500)
    await stream.return()
    expect(await pending).toEqual(END)
    opening.open(late)
    await advance(60_000)
    expect([late.closed, opened.length]).toEqual([1, 2])
  })
})
