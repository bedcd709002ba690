import { describe, expect, test } from 'vitest'
import { gate } from '../../test/tools/gate.ts'
import { sourceOf } from '../../test/tools/positioned-source.ts'
import { outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { getEventMeta } from './event-meta.ts'
import { filterEvents, mapEvents } from './map-events.ts'

const isEven = (n: number): boolean => n % 2 === 0

describe('mapEvents', () => {
  test('makes other events, with the ids that they had, and keeps the end', async () => {
    const { source } = sourceOf([{ n: 1 }, { n: 2 }], { end: 'bye' })
    const mapped = mapEvents(source, async ({ n }) => ({ double: 2 * n }))
    const first = await mapped.next()
    expect(first.value).toEqual({ double: 2 })
    expect(getEventMeta(first.value)).toEqual({ id: 'p1' })
    expect(mapped['~position' as never]).toBeDefined()
    await mapped.next()
    expect(await mapped.next()).toEqual({ done: true, value: 'bye' })
  })
})

describe('filterEvents', () => {
  test('leaves out what the test refuses, and keeps ids and the end', async () => {
    const { source } = sourceOf([{ n: 1 }, { n: 2 }, { n: 3 }], { end: 'bye' })
    const filtered = filterEvents(source, ({ n }) => isEven(n))
    const { value } = await filtered.next()
    expect(value).toEqual({ n: 2 })
    expect(getEventMeta(value)).toEqual({ id: 'p2' })
    expect(await filtered.next()).toEqual({ done: true, value: 'bye' })
  })

  test('moves its position on over what it leaves out, not over what is still being tested', async () => {
    const { source, more } = sourceOf([1, 3], { open: true })
    const answer = gate<boolean>()
    const filtered = filterEvents(source, (n) => (n === 4 ? answer.opened : isEven(n))) as any
    const pending = filtered.next()
    await settle()
    expect(filtered['~position'].cursor()).toBe('p2')
    more(4)
    await settle()
    expect(filtered['~position'].cursor()).toBe('p2')
    answer.open(true)
    expect(await pending).toEqual({ done: false, value: 4 })
    expect(filtered['~position'].cursor()).toBe('p3')
  })

  test('fails as its test and its source do, and leaves the source then', async () => {
    const bug = new Error('bug')
    const { source, left } = sourceOf([1])
    const filtered = filterEvents(source, () => {
      throw bug
    })
    expect(await rejection(filtered.next())).toBe(bug)
    expect(left()).toBe(1)
    const failing = sourceOf([2], { error: bug })
    const stream = filterEvents(failing.source, isEven)
    expect(await take(stream as never, 1)).toEqual([2])
    expect(await rejection(stream.next())).toBe(bug)
  })

  test('leaves its source at once when it is left, in the middle of a wait', async () => {
    const { source, left } = sourceOf([], { open: true })
    const filtered = filterEvents(source, isEven)
    const pending = filtered.next()
    await filtered.return()
    expect(await outcome(pending)).toMatchObject({ value: { done: true } })
    expect(left()).toBe(1)
  })
})
