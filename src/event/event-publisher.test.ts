import { setImmediate as macrotask } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { isEventGap } from './event-gap.ts'
import { EventPublisher, type EventPublisherOptions } from './event-publisher.ts'

type Events = { a: number; b: string; big: object }

function setup(options?: EventPublisherOptions): EventPublisher<Events> {
  return new EventPublisher<Events>(options)
}

/** The next values of an iterator that has them. */
async function take<Value>(iterator: AsyncIterator<Value>, count: number): Promise<Value[]> {
  const values: Value[] = []
  while (values.length < count) values.push((await iterator.next()).value)
  return values
}

function publishAll(publisher: EventPublisher<Events>, from: number, to: number): void {
  for (let n = from; n <= to; n++) publisher.publish('a', n)
}

describe('an iterator', () => {
  test('gets the events of its name in order', async () => {
    const publisher = setup()
    const events = publisher.subscribe('a')
    publisher.publish('a', 1)
    publisher.publish('b', 'not for us')
    publisher.publish('a', 2)
    expect(await take(events, 2)).toEqual([1, 2])
  })

  test('begins at the call, not at the first next()', async () => {
    const publisher = setup()
    publisher.publish('a', 1)
    const events = publisher.subscribe('a')
    publisher.publish('a', 2)
    expect(await take(events, 1)).toEqual([2])
  })

  test('waits for events that are still to come, in several calls of next() as well', async () => {
    const publisher = setup()
    const events = publisher.subscribe('a')
    const pending = Promise.all([events.next(), events.next()])
    await macrotask()
    publishAll(publisher, 1, 2)
    expect((await pending).map(({ value }) => value)).toEqual([1, 2])
  })

  test('gets the very payload, as does every other', async () => {
    const publisher = setup()
    const [first, second] = [publisher.subscribe('big'), publisher.subscribe('big')]
    const payload = {}
    publisher.publish('big', payload)
    expect((await first.next()).value).toBe(payload)
    expect((await second.next()).value).toBe(payload)
  })

  test('is left by leaving the loop, also while it waits', async () => {
    const publisher = setup()
    const events = publisher.subscribe('a')
    const pending = events.next()
    await events.return()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(publisher.subscriberCount()).toBe(0)
  })

  test.each([Symbol('s'), 7, '__proto__', 'constructor'])('may be of any name: %s', async (name) => {
    const publisher = new EventPublisher()
    const events = publisher.subscribe(name)
    publisher.publish(name, 1)
    expect(await take(events, 1)).toEqual([1])
  })
})

describe('the signal', () => {
  test('rejects a pending next() with its reason, and the iterator is done', async () => {
    const publisher = setup()
    const controller = new AbortController()
    const events = publisher.subscribe('a', { signal: controller.signal })
    const pending = events.next()
    controller.abort('enough')
    await expect(pending).rejects.toBe('enough')
    expect(publisher.subscriberCount('a')).toBe(0)
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  test('releases the iterator at once, though nobody calls next()', async () => {
    const publisher = setup()
    const controller = new AbortController()
    const events = publisher.subscribe('a', { signal: controller.signal })
    publisher.publish('a', 1)
    controller.abort('enough')
    expect(publisher.subscriberCount()).toBe(0)
    await expect(events.next()).rejects.toBe('enough')
  })

  test('that has aborted already lets nothing begin', async () => {
    const publisher = setup()
    const events = publisher.subscribe('a', { signal: AbortSignal.abort('enough') })
    expect(publisher.subscriberCount()).toBe(0)
    await expect(events.next()).rejects.toBe('enough')
  })

  test('is let go of when the iterator is left', async () => {
    const { signal } = new AbortController()
    const off = vi.spyOn(signal, 'removeEventListener')
    await setup().subscribe('a', { signal }).return()
    expect(off).toHaveBeenCalledTimes(1)
  })
})

describe('a slow iterator', () => {
  test('fails with EVENT_GAP, and harms nobody else', async () => {
    const publisher = setup({ maxBufferedEvents: 3 })
    const [slow, quick] = [publisher.subscribe('a'), publisher.subscribe('a')]
    const listened: number[] = []
    publisher.subscribe('a', (n) => listened.push(n))
    const read = take(quick, 4)
    for (let n = 1; n <= 4; n++) {
      publisher.publish('a', n)
      await macrotask()
    }
    const error = await slow.next().catch((error: unknown) => error)
    expect(isEventGap(error) && error.data).toEqual({ reason: 'overflow' })
    expect(await slow.next()).toEqual({ done: true, value: undefined })
    expect(await read).toEqual([1, 2, 3, 4])
    expect(listened).toEqual([1, 2, 3, 4])
    expect(publisher.subscriberCount('a')).toBe(2)
  })

  test('may lag behind by as many events as it is allowed to', async () => {
    const publisher = setup()
    const events = publisher.subscribe('a')
    publishAll(publisher, 1, 1000)
    expect(await take(events, 1000)).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
    publishAll(publisher, 1, 1001)
    await expect(events.next()).rejects.toMatchObject({ code: 'EVENT_GAP' })
  })

  test('may be allowed a single event', async () => {
    const publisher = setup({ maxBufferedEvents: 1 })
    const events = publisher.subscribe('a')
    publisher.publish('a', 1)
    expect(await take(events, 1)).toEqual([1])
  })

  test.each([0, -1, Number.NaN])('cannot be allowed %s events', (maxBufferedEvents) => {
    expect(() => setup({ maxBufferedEvents })).toThrow(RangeError)
  })
})

describe('a listener', () => {
  test('gets the events of its name, at once, until it is taken off', () => {
    const publisher = setup()
    const seen: number[] = []
    const off = publisher.subscribe('a', (n) => seen.push(n))
    publishAll(publisher, 1, 2)
    off()
    off()
    publisher.publish('a', 3)
    expect(seen).toEqual([1, 2])
    expect(publisher.subscriberCount()).toBe(0)
  })

  test('may subscribe twice, and be taken off once', () => {
    const publisher = setup()
    const listener = vi.fn()
    const off = publisher.subscribe('a', listener)
    publisher.subscribe('a', listener)
    off()
    publisher.publish('a', 1)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('harms neither the publisher nor the others when it throws', async () => {
    const onError = vi.fn()
    const publisher = setup({ onError })
    const failure = new Error('failed')
    publisher.subscribe('a', () => {
      throw failure
    })
    const other = vi.fn()
    publisher.subscribe('a', other)
    const events = publisher.subscribe('a')
    publisher.publish('a', 1)
    expect(onError).toHaveBeenCalledExactlyOnceWith(failure)
    expect(other).toHaveBeenCalledExactlyOnceWith(1)
    expect(await take(events, 1)).toEqual([1])
  })

  test('is heard of as well when it is asynchronous and rejects', async () => {
    const onError = vi.fn()
    const publisher = setup({ onError })
    const rejected = Promise.reject(new Error('failed'))
    rejected.catch(() => {})
    publisher.subscribe('a', () => rejected)
    publisher.publish('a', 1)
    await macrotask()
    expect(onError).toHaveBeenCalledExactlyOnceWith(new Error('failed'))
  })

  test('is called no more once another listener has taken it off', () => {
    const publisher = setup()
    const listener = vi.fn()
    publisher.subscribe('a', () => off())
    const off = publisher.subscribe('a', listener)
    publisher.publish('a', 1)
    expect(listener).not.toHaveBeenCalled()
  })

  test('may publish: iterators get the events in the order of the calls', async () => {
    const publisher = setup()
    publisher.subscribe('a', (n) => {
      if (n === 1) publisher.publish('a', 2)
    })
    const events = publisher.subscribe('a')
    publisher.publish('a', 1)
    expect(await take(events, 2)).toEqual([1, 2])
  })

  test('may subscribe: what it subscribes begins after the event that it was called with', async () => {
    const publisher = setup()
    const early = publisher.subscribe('a')
    const late: AsyncGenerator<number>[] = []
    const listener = vi.fn()
    publisher.subscribe('a', (n) => {
      if (n === 1) late.push(publisher.subscribe('a'))
      if (n === 1) publisher.subscribe('a', listener)
    })
    publishAll(publisher, 1, 2)
    expect(await take(early, 2)).toEqual([1, 2])
    expect(await Promise.all(late.map((events) => take(events, 1)))).toEqual([[2]])
    expect(listener).toHaveBeenCalledExactlyOnceWith(2)
  })
})

test('subscriberCount counts listeners and iterators, by name and together', async () => {
  const publisher = setup()
  const off = publisher.subscribe('a', () => {})
  const events = publisher.subscribe('a')
  const other = publisher.subscribe('b')
  expect([publisher.subscriberCount('a'), publisher.subscriberCount('b')]).toEqual([2, 1])
  expect([publisher.subscriberCount('big'), publisher.subscriberCount()]).toEqual([0, 3])
  off()
  await Promise.all([events.return(), other.return()])
  expect(publisher.subscriberCount()).toBe(0)
})
