import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sourceOf } from '../../test/tools/positioned-source.ts'
import { later, outcome, rejection, settle } from '../../test/tools/probes.ts'
import { getEventMeta } from './event-meta.ts'
import { batchEvents, debounceEvents, throttleEvents } from './timed-events.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const cursorOf = (stream: object): string | undefined => (stream as any)['~position'].cursor()
const VALUE = (value: unknown) => ({ value: { done: false, value } })

describe('throttleEvents', () => {
  test('gives the first event at once, then the newest after each interval', async () => {
    const { source, more } = sourceOf([1], { open: true })
    const stream = throttleEvents(source, 100)
    expect(await outcome(stream.next())).toEqual(VALUE(1))
    const pending = stream.next()
    more(2)
    await vi.advanceTimersByTimeAsync(60)
    more(3)
    await vi.advanceTimersByTimeAsync(39)
    expect(await outcome(pending)).toBe('pending')
    await vi.advanceTimersByTimeAsync(1)
    expect(await outcome(pending)).toEqual(VALUE(3))
    await vi.advanceTimersByTimeAsync(500)
    more(4)
    expect(await outcome(stream.next())).toEqual(VALUE(4))
    await stream.return()
  })

  test('holds its position back at what it has given', async () => {
    const { source, more } = sourceOf([1], { open: true })
    const stream = throttleEvents(source, 100)
    expect(cursorOf(stream)).toBe('p0')
    await stream.next()
    expect(cursorOf(stream)).toBe('p1')
    more(2)
    more(3)
    await settle()
    expect(cursorOf(stream)).toBe('p1')
    const pending = stream.next()
    await vi.advanceTimersByTimeAsync(100)
    await pending
    expect(cursorOf(stream)).toBe('p3')
    await stream.return()
  })

  test('gives what it holds before the end and before an error', async () => {
    const ended = sourceOf([1, 2], { end: 'bye' })
    const stream = throttleEvents(ended.source, 100)
    expect(await stream.next()).toEqual({ done: false, value: 1 })
    expect(await stream.next()).toEqual({ done: false, value: 2 })
    expect(await stream.next()).toEqual({ done: true, value: 'bye' })
    const error = new Error('bug')
    const failing = throttleEvents(sourceOf([1], { error }).source, 100)
    expect(await failing.next()).toEqual({ done: false, value: 1 })
    expect(await rejection(failing.next())).toBe(error)
  })
})

describe('debounceEvents', () => {
  test('gives the newest event when none has followed it for a while', async () => {
    const { source, more } = sourceOf([{ n: 1 }], { open: true })
    const stream = debounceEvents(source, 100)
    const pending = later(stream.next())
    await vi.advanceTimersByTimeAsync(99)
    more({ n: 2 })
    await vi.advanceTimersByTimeAsync(99)
    expect(await outcome(pending)).toBe('pending')
    expect(cursorOf(stream)).toBe('p0')
    await vi.advanceTimersByTimeAsync(1)
    const { value } = await pending
    expect(value).toEqual({ n: 2 })
    expect(getEventMeta(value)).toEqual({ id: 'p2' })
    await stream.return()
  })

  test('waits anew for an event that comes before its slow consumer has asked', async () => {
    const { source, more } = sourceOf([1], { open: true })
    const stream = debounceEvents(source, 100)
    const first = later(stream.next())
    await vi.advanceTimersByTimeAsync(100)
    expect(await outcome(first)).toEqual(VALUE(1))
    more(2)
    await vi.advanceTimersByTimeAsync(100)
    more(3)
    await settle()
    const second = later(stream.next())
    expect(await outcome(second)).toBe('pending')
    await vi.advanceTimersByTimeAsync(100)
    expect(await outcome(second)).toEqual(VALUE(3))
    await stream.return()
  })

  test('leaves its source and its timer at once when it is left', async () => {
    const { source, left } = sourceOf([1], { open: true })
    const stream = debounceEvents(source, 100)
    const pending = later(stream.next())
    await settle()
    await stream.return()
    expect(await outcome(pending)).toMatchObject({ value: { done: true } })
    expect(left()).toBe(1)
  })
})

describe('batchEvents', () => {
  test('gives what is there together, with the id of the last', async () => {
    const { source } = sourceOf([{ n: 1 }, { n: 2 }, { n: 3 }], { open: true })
    const stream = batchEvents(source)
    const pending = later(stream.next())
    await vi.advanceTimersByTimeAsync(1)
    const { value } = await pending
    expect(value).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(getEventMeta(value)).toEqual({ id: 'p3' })
    await stream.return()
  })

  test('waits for a full batch, but not longer than it may', async () => {
    const { source, more } = sourceOf([1, 2], { open: true })
    const stream = batchEvents(source, { size: 3, within: 1000 })
    const first = later(stream.next())
    await vi.advanceTimersByTimeAsync(500)
    expect(await outcome(first)).toBe('pending')
    more(3)
    more(4)
    expect(await outcome(first)).toEqual(VALUE([1, 2, 3]))
    const second = later(stream.next())
    await vi.advanceTimersByTimeAsync(999)
    expect(await outcome(second)).toBe('pending')
    await vi.advanceTimersByTimeAsync(1)
    expect(await outcome(second)).toEqual(VALUE([4]))
    await stream.return()
  })

  test('reads no further than a full batch, and ends with the last one', async () => {
    const { source } = sourceOf([1, 2, 3, 4, 5], { end: 'bye' })
    const stream = batchEvents(source, { size: 2 })
    expect(await stream.next()).toMatchObject({ value: [1, 2] })
    await settle()
    expect(cursorOf(stream)).toBe('p2')
    expect(source['~position']?.cursor()).toBe('p2')
    expect(await stream.next()).toMatchObject({ value: [3, 4] })
    expect(await stream.next()).toMatchObject({ value: [5] })
    expect(await stream.next()).toEqual({ done: true, value: 'bye' })
  })

  test('refuses a size that holds nothing', () => {
    expect(() => batchEvents(sourceOf([]).source, { size: 0 })).toThrow(RangeError)
  })
})
