import { describe, expect, test } from 'vitest'
import { sourceOf } from '../../test/tools/positioned-source.ts'
import { outcome, rejection, take } from '../../test/tools/probes.ts'
import { getEventMeta } from './event-meta.ts'
import { mergeEvents } from './merge-events.ts'

describe('mergeEvents', () => {
  test('has the events of all, each in its turn, and ends with the last', async () => {
    const merged = mergeEvents(sourceOf([1, 2, 3]).source, sourceOf([10]).source)
    const seen: number[] = []
    for await (const event of merged) seen.push(event)
    expect(seen.filter((n) => n < 10)).toEqual([1, 2, 3])
    expect(seen.indexOf(10)).toBeLessThan(3)
    expect(await merged.next()).toEqual({ done: true, value: undefined })
  })

  test('of nothing ends at once', async () => {
    expect(await mergeEvents().next()).toEqual({ done: true, value: undefined })
  })

  test('has no ids and no places: those of one stream say nothing about the others', async () => {
    const event = Object.freeze({ n: 1 })
    const merged = mergeEvents(sourceOf([event]).source)
    const [seen] = await take(merged, 1)
    expect(seen).toEqual({ n: 1 })
    expect(getEventMeta(seen)).toEqual({})
    expect(getEventMeta(event)).toEqual({ id: 'p1' })
    expect((merged as any)['~position'].cursor()).toBeUndefined()
  })

  test('holds at most one event of each back', async () => {
    const [one, two] = [sourceOf([1, 2, 3]), sourceOf([10, 20])]
    await take(mergeEvents(one.source, two.source), 1)
    expect([one, two].map(({ source }) => source['~position']?.cursor())).toEqual(['p1', 'p1'])
  })

  test('fails with the first that fails and leaves the others', async () => {
    const error = new Error('bug')
    const [failing, open] = [sourceOf<number>([], { error }), sourceOf<number>([], { open: true })]
    expect(await rejection(mergeEvents(failing.source, open.source).next())).toBe(error)
    expect(open.left()).toBe(1)
  })

  test('leaves them all at once when it is left', async () => {
    const sources = [sourceOf<number>([], { open: true }), sourceOf<number>([], { open: true })]
    const merged = mergeEvents(...sources.map(({ source }) => source))
    const pending = merged.next()
    await merged.return()
    expect(await outcome(pending)).toMatchObject({ value: { done: true } })
    expect(sources.map(({ left }) => left())).toEqual([1, 1])
  })
})
