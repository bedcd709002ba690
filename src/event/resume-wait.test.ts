import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  advance,
  cutSource,
  event,
  FakeSource,
  position,
  retryHint,
  startStream,
  waitingStream,
  waits,
} from '../../test/tools/resumable-stream.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the wait', () => {
  test('is as long as it says', async () => {
    const { stream, opened } = await waitingStream([cutSource(), new FakeSource()])
    await advance(499)
    expect(opened).toHaveLength(1)
    await advance(1)
    expect(opened).toHaveLength(2)
    await stream.return()
  })

  test.each([
    ['beside nothing', retryHint(2000)],
    ['beside an event', event({}, { id: '1', retry: 2000 })],
  ])("comes on top of the server's hint: %s", async (_, hint) => {
    const { stream, opened, states } = await startStream([new FakeSource(position('0'), hint, 'cut'), cutSource()])
    if (hint.type === 'event') await stream.next()
    void stream.next()
    await advance(2499)
    expect(opened).toHaveLength(1)
    await advance(1)
    expect(opened).toHaveLength(2)
    expect(waits(states)).toEqual([2500, 3000])
    await stream.return()
  })

  test('takes the latest hint', async () => {
    const hints = new FakeSource(position('0'), retryHint(2000), retryHint(0), 'cut')
    const { stream, states } = await waitingStream([hints])
    expect(waits(states)).toEqual([500])
    await stream.return()
  })

  test('is not cut short by a hint that no timer can hold', async () => {
    const { stream, opened } = await waitingStream([new FakeSource(position('0'), retryHint(2 ** 31), 'cut')])
    await advance(60_000)
    expect(opened).toHaveLength(1)
    await stream.return()
  })

  test('is short again after an event', async () => {
    const eventful = new FakeSource(event({}, { id: '2' }), 'cut')
    const { stream, states, pending } = await waitingStream([cutSource(), cutSource(), eventful])
    await advance(500)
    await advance(1000)
    await pending
    void stream.next()
    await advance(0)
    expect(waits(states)).toEqual([500, 1000, 500])
    expect(states.at(-1)).toMatchObject({ retry: 1 })
    await stream.return()
  })

  test('is not short again after a position alone', async () => {
    const { stream, states } = await waitingStream([cutSource(), cutSource(), cutSource()])
    await advance(500)
    await advance(1000)
    expect(waits(states)).toEqual([500, 1000, 2000])
    await stream.return()
  })

  test('leaves no listener on the signal that transports are opened with', async () => {
    let listeners = 0
    const sources = [cutSource(), new FakeSource()]
    const open = async (_: unknown, signal: AbortSignal): Promise<FakeSource> => {
      vi.spyOn(signal, 'addEventListener').mockImplementation(() => void listeners++)
      vi.spyOn(signal, 'removeEventListener').mockImplementation(() => void listeners--)
      return sources.shift() ?? new FakeSource()
    }
    const { stream } = await waitingStream([], { open })
    expect(listeners).toBe(1)
    await advance(500)
    expect([listeners, sources.length]).toEqual([0, 0])
    await stream.return()
  })

  test('is short again after a connection that lasted, though nothing happened', async () => {
    const [brief, lasting] = [new FakeSource(), new FakeSource()]
    const { stream, states } = await waitingStream([cutSource(), brief, lasting])
    await advance(500 + 4999)
    brief.cut()
    await advance(1000 + 5000)
    lasting.cut()
    await advance(0)
    expect(waits(states)).toEqual([500, 1000, 500])
    await stream.return()
  })
})

describe('a nudge', () => {
  test('ends the wait', async () => {
    const { stream, opened } = await waitingStream([cutSource(), new FakeSource()])
    stream.nudge()
    stream.nudge()
    await advance(0)
    expect(opened).toEqual([undefined, '1'])
    await stream.return()
  })

  test("does not cut short the server's hint", async () => {
    const { stream, opened } = await waitingStream([new FakeSource(retryHint(1000), 'cut'), new FakeSource()])
    await advance(400)
    stream.nudge()
    await advance(599)
    expect(opened).toHaveLength(1)
    await advance(1)
    expect(opened).toHaveLength(2)
    await stream.return()
  })

  test('has an open transport checked, and sets no timer', async () => {
    const source = new FakeSource()
    const { stream } = await waitingStream([cutSource(), source])
    await advance(500)
    stream.nudge()
    expect(source.checks).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
    await stream.return()
  })

  test.each(['online', 'pageshow', 'visibilitychange'])('comes from the page: %s', async (type) => {
    const window = new EventTarget()
    const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' })
    vi.stubGlobal('window', window)
    vi.stubGlobal('document', document)
    const { stream, opened } = await waitingStream([cutSource(), new FakeSource()])
    document.dispatchEvent(new Event('visibilitychange'))
    await advance(0)
    expect(opened).toHaveLength(1)
    document.visibilityState = 'visible'
    for (const target of [window, document]) target.dispatchEvent(new Event(type))
    await advance(0)
    expect(opened).toHaveLength(2)
    const nudge = vi.spyOn(stream, 'nudge')
    await stream.return()
    for (const target of [window, document]) target.dispatchEvent(new Event(type))
    expect(nudge).not.toHaveBeenCalled()
  })
})
