import { describe, expect, test } from 'vitest'
import { fullPage, historyPage, type Reading, RecentMessages, recentPage, type SharedMessage } from './shared-stream.ts'

const message = (offset: number, channel = 'c', data = 'x'): SharedMessage => ({
  offset,
  channel,
  tag: `t${offset}`,
  data,
})
const offsets = (messages: readonly { readonly offset: number }[] | undefined) => messages?.map(({ offset }) => offset)

describe('the recent messages', () => {
  test('begin at a place and give what came after any that they remember', () => {
    const recent = new RecentMessages({ offset: 7, tag: 'floor' })
    expect(recent.head).toEqual({ offset: 7, tag: 'floor' })
    for (const offset of [8, 10]) recent.push(message(offset))
    expect(recent.head).toMatchObject({ offset: 10, tag: 't10' })
    expect(offsets(recent.after({ offset: 7, tag: 'floor' }))).toEqual([8, 10])
    expect(offsets(recent.after({ offset: 8, tag: 't8' }))).toEqual([10])
    expect(offsets(recent.after({ offset: 10, tag: 't10' }))).toEqual([])
  })

  test('do not know other places, nor those with another tag', () => {
    const recent = new RecentMessages({ offset: 7, tag: 'floor' })
    recent.push(message(8))
    for (const place of [
      { offset: 6, tag: 't6' },
      { offset: 7, tag: 't7' },
      { offset: 8, tag: 'forged' },
    ])
      expect(recent.after(place)).toBeUndefined()
  })

  test.each([
    ['many', 5000, 'x'],
    ['large', 50, 'x'.repeat(1024 * 1024)],
  ])('forget the oldest when they are too %s, and no more than that', (_, count, data) => {
    const recent = new RecentMessages({ offset: 0, tag: '-' })
    for (let offset = 1; offset <= count; offset++) recent.push(message(offset, 'c', data))
    expect(recent.after({ offset: 0, tag: '-' })).toBeUndefined()
    expect(recent.after({ offset: 2, tag: 't2' })).toBeUndefined()
    const last = recent.after({ offset: count - 3, tag: `t${count - 3}` })
    expect(offsets(last)).toEqual([count - 2, count - 1, count])
  })
})

describe('a page of one channel', () => {
  const head = { epoch: 'e', offset: 9, tag: 't9' }
  const place = (offset: number, tag = `t${offset}`) => ({ epoch: 'e', offset, tag })
  const messages = [message(1), message(2, 'other'), message(4), message(5), message(9, 'other'), message(10)]
  const reading = (reading: Partial<Reading> = {}): Reading => ({
    channel: 'c',
    after: 'start',
    head,
    limit: { records: 10, bytes: 10 },
    ...reading,
  })

  test('has its records up to the head, and is complete up to there', () => {
    const page = recentPage(messages, reading(), 0)
    expect(offsets(page.records)).toEqual([1, 4, 5])
    expect(page).toMatchObject({ through: head, position: head, trimmed: 0 })
  })

  test('ends before the record that is too many, or too large', () => {
    for (const limit of [
      { records: 2, bytes: 10 },
      { records: 10, bytes: 2 },
    ]) {
      const page = recentPage(messages, reading({ limit }), 0)
      expect(offsets(page.records)).toEqual([1, 4])
      expect(page.through).toEqual(place(4))
    }
    expect(offsets(recentPage(messages, reading({ limit: { records: 1, bytes: 0 } }), 0).records)).toEqual([1])
  })

  test('is full with the first record that it does not take', () => {
    const isFull = fullPage(reading({ limit: { records: 2, bytes: 10 } }))
    expect(messages.map(isFull)).toEqual([false, false, false, true, true, true])
    const large = [message(1, 'c', '12345'), message(2, 'c', '123456')]
    expect(large.map(fullPage(reading()))).toEqual([false, true])
  })

  test('out of history begins behind its place, however large the record there is', () => {
    const large = [message(1, 'c', 'x'.repeat(11)), message(4), message(9, 'other')]
    const after = reading({ after: place(1) })
    expect(large.map(fullPage(after))).toEqual([false, false, false])
    const page = historyPage(large, after, 0)
    expect(offsets(page.records)).toEqual([4])
    expect(page.through).toEqual(head)
  })

  test('out of history that was not looked through to its end is complete up to where that was', () => {
    const long = { ...head, offset: 20_000 }
    const others = Array.from({ length: 6000 }, (_, index) => message(index + 1, 'other'))
    const isEnough = fullPage(reading({ head: long }))
    const seen = others.slice(0, others.findIndex(isEnough) + 1)
    expect(seen).toHaveLength(5000)
    expect(historyPage(seen, reading({ head: long }), 0)).toMatchObject({ records: [], through: place(5000) })
    const heavy = others.slice(0, 3).map((one) => ({ ...one, data: 'x'.repeat(9 * 1024 * 1024) }))
    expect(heavy.map(fullPage(reading({ head: long })))).toEqual([false, true, true])
  })

  test('out of history is refused where the place is another one', () => {
    expect(() => historyPage(messages, reading({ after: place(1, 'forged') }), 0)).toThrow(
      expect.objectContaining({ code: 'EVENT_GAP' }),
    )
    expect(historyPage(messages.slice(2), reading({ after: place(1, 'forged') }), 3)).toMatchObject({ trimmed: 3 })
  })
})
