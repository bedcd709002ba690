import { describe, expect, test } from 'vitest'
import { Serializer } from '../wire/serializer.ts'
import { EventFormat } from './event-format.ts'
import { HistoryPage } from './history-page.ts'
import { PageCache } from './page-cache.ts'
import type { Position } from './position.ts'

const format = new EventFormat('c', new Serializer())
const place = (offset: number, tag = `t${offset}`): Position => ({ epoch: 'e', offset, tag })

/** The page with the events of a range of offsets, which may have holes. */
function page(offsets: readonly number[], size = 10): HistoryPage {
  const records = offsets.map((offset) => ({ offset, tag: `t${offset}`, data: 'x'.repeat(size) }))
  const [first = 1, last = first] = [offsets[0], offsets.at(-1)]
  return new HistoryPage(
    { records, through: place(last), position: place(99), trimmed: 0 },
    place(first - 1),
    format,
    0,
  )
}

describe('a page', () => {
  test('serves the places that it knows and has something behind', () => {
    const served = [4, 5, 6, 9, 10, 11].filter((offset) => page([5, 6, 9, 10]).serves(place(offset)))
    expect(served).toEqual([4, 5, 6, 9])
  })

  test('knows no place by its offset alone', () => {
    expect(page([5, 6]).serves(place(5, 'other'))).toBe(false)
    expect(page([5, 6]).serves(place(4, 'other'))).toBe(false)
    expect(page([5, 7]).serves(place(6))).toBe(false)
    expect(page([5, 6]).serves({ ...place(5), epoch: 'other' })).toBe(false)
  })

  test('goes on behind a place', () => {
    expect([4, 5, 6, 9].map((offset) => page([5, 6, 9]).indexAfter(place(offset)))).toEqual([0, 1, 2, 3])
    expect(page([5, 6, 9]).indexAfter(place(7))).toBe(-1)
  })
})

describe('the cache', () => {
  const kilobyte = page([1]).bytes - 10 + 1000

  test('drops what was used least when it is full', () => {
    const cache = new PageCache({ bytes: 2 * kilobyte, age: 1000 })
    const [one, two, three] = [page([1], 1000), page([2], 1000), page([3], 1000)]
    cache.add('c', one)
    cache.add('c', two)
    expect(cache.find('c', place(0))).toBe(one)
    cache.add('other', three)
    expect(cache.find('c', place(1))).toBeUndefined()
    expect(cache.find('c', place(0))).toBe(one)
    expect(cache.find('other', place(2))).toBe(three)
    expect(cache.bytes).toBe(2 * kilobyte)
  })

  test('takes no page that is larger than itself', () => {
    const cache = new PageCache({ bytes: 2 * kilobyte, age: 1000 })
    cache.add('c', page([1], 1000))
    cache.add('c', page([2], 3000))
    expect(cache.bytes).toBe(kilobyte)
  })

  test('keeps channels apart and forgets one as a whole', () => {
    const cache = new PageCache({ bytes: 10 * kilobyte, age: 1000 })
    cache.add('a', page([1], 1000))
    cache.add('b', page([1], 1000))
    cache.delete('a')
    expect(cache.find('a', place(0))).toBeUndefined()
    expect(cache.find('b', place(0))).toBeDefined()
    expect(cache.bytes).toBe(kilobyte)
  })
})
