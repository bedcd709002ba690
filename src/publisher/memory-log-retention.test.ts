import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { rejection } from '../../test/tools/probes.ts'
import type { Page, Retention } from './event-log.ts'
import { MemoryLog } from './memory-log.ts'
import { formatId, NO_TAG, type Position, parseId } from './position.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND
const SWEEP = 31 * SECOND
const ALL = { records: 10_000, bytes: 1e9 }

/** Retention is reckoned by this clock; only the sweeper runs on timers. */
let now: number
let log: MemoryLog

beforeEach(() => {
  vi.useFakeTimers()
  now = 1_000_000
  log = new MemoryLog({ now: () => now })
})

afterEach(async () => {
  await log.close()
  vi.useRealTimers()
})

const append = (channel: string, data: readonly string[], retention: Retention = {}, idempotencyKey?: string) =>
  log.append(
    channel,
    data.map((data) => ({ data })),
    { retention, idempotencyKey },
  )
const read = (channel: string, after: Position | 'start' = 'start'): Promise<Page> => log.read(channel, after, ALL)
const kept = async (channel: string): Promise<string[]> => (await read(channel)).records.map(({ data }) => data)

describe('retention by count', () => {
  test('keeps exactly the newest so many', async () => {
    const expected: string[] = []
    for (let count = 1; count <= 6; count++) {
      expected.push(String(count))
      await append('a', [String(count)], { events: 3 })
      expect(await kept('a')).toEqual(expected.slice(-3))
      expect((await read('a')).trimmed).toBe(Math.max(0, count - 3))
    }
  })

  test('holds within a batch that is longer than it', async () => {
    const { last } = await append('a', ['1', '2', '3', '4', '5'], { events: 2 })
    expect(await read('a')).toMatchObject({ records: [{ offset: 4 }, { offset: 5 }], trimmed: 3, position: last })
  })

  test('of nothing keeps nothing, and the places go on', async () => {
    await append('a', ['1', '2'], { events: 0 })
    const { first } = await append('a', ['3'], { events: 0 })
    expect(first.offset).toBe(3)
    expect(await read('a', first)).toMatchObject({ records: [], trimmed: 3, through: first })
  })

  test('is that of the channel, not of the log', async () => {
    await append('a', ['1', '2'], { events: 1 })
    await append('b', ['1', '2'], { events: 2 })
    expect([await kept('a'), await kept('b')]).toEqual([['2'], ['1', '2']])
  })
})

describe('retention by time', () => {
  test('keeps a record up to the last millisecond and not longer', async () => {
    const appended = now
    const { last } = await append('a', ['1'], { seconds: 60 })
    now = appended + 60 * SECOND - 1
    expect(await read('a')).toMatchObject({ records: [{ offset: 1 }], trimmed: 0 })
    now = appended + 60 * SECOND
    expect(await read('a')).toMatchObject({ records: [], trimmed: 1, through: last, position: last })
    expect(await log.heads(['a'])).toEqual([{ position: last, trimmed: 1 }])
  })

  test('lets records go one after the other', async () => {
    await append('a', ['1'], { seconds: 10 })
    now += SECOND
    await append('a', ['2', '3'], { seconds: 10 })
    now += 9 * SECOND
    expect(await kept('a')).toEqual(['2', '3'])
    now += SECOND
    expect(await kept('a')).toEqual([])
  })

  test('and by count: the first one reached counts', async () => {
    await append('a', ['1', '2', '3'], { seconds: 10, events: 2 })
    expect(await kept('a')).toEqual(['2', '3'])
    now += 10 * SECOND
    expect(await kept('a')).toEqual([])
  })

  test('without limits keeps everything', async () => {
    await append('a', ['1'], { seconds: undefined, events: undefined })
    now += 1000 * 24 * HOUR
    expect(await kept('a')).toEqual(['1'])
  })

  test('trims nothing early when the clock is set back', async () => {
    await append('a', ['1'], { seconds: 60 })
    now -= HOUR
    const appended = now
    await append('a', ['2'], { seconds: 60 })
    now = appended + 60 * SECOND - 1
    expect(await kept('a')).toEqual(['1', '2'])
    now = appended + HOUR + 60 * SECOND
    expect(await kept('a')).toEqual([])
  })

  test('does not bring back what is gone when the clock is set back', async () => {
    await append('a', ['1'], { seconds: 60 })
    now += 60 * SECOND
    expect(await read('a')).toMatchObject({ records: [], trimmed: 1 })
    now -= 60 * SECOND
    expect(await read('a')).toMatchObject({ records: [], trimmed: 1 })
    expect((await append('a', ['2'], { seconds: 60 })).first.offset).toBe(2)
    expect(await kept('a')).toEqual(['2'])
  })
})

describe('history that was trimmed', () => {
  test('is told by the page, not thrown, whatever the tag: nobody knows it any more', async () => {
    const { first, last } = await append('a', ['1', '2', '3', '4'], { events: 2 })
    for (const after of [first, { ...first, tag: 'forged' }, { ...first, offset: 0, tag: NO_TAG }]) {
      const page = await read('a', after)
      expect(page).toMatchObject({ trimmed: 2, position: last, records: [{ offset: 3 }, { offset: 4 }] })
      expect(page.trimmed).toBeGreaterThan(after.offset)
    }
  })

  test('is a gap all the same for a place of another epoch', async () => {
    const { first } = await append('a', ['1', '2', '3'], { events: 1 })
    expect(await rejection(read('a', { ...first, epoch: 'x' }))).toMatchObject({ data: { reason: 'epoch' } })
  })

  test('can be resumed behind: at its last place, by its tag or without, but not by another', async () => {
    await append('a', ['1'], { events: 2 })
    const { first } = await append('a', ['2'], { events: 2 })
    await append('a', ['3', '4'], { events: 2 })
    for (const tag of [first.tag, NO_TAG]) {
      expect(await read('a', { ...first, tag })).toMatchObject({ trimmed: 2, records: [{ offset: 3 }, { offset: 4 }] })
    }
    expect(await rejection(read('a', { ...first, tag: 'forged' }))).toMatchObject({ data: { reason: 'epoch' } })
  })

  test('leaves an oldest place to resume from, even when nothing is left at all', async () => {
    const { last } = await append('a', ['1', '2'], { seconds: 1 })
    now += SECOND
    const gap = await rejection(read('a', { ...last, offset: 3 }))
    expect(gap.data).toMatchObject({ oldest: `${last.epoch}:2:${NO_TAG}`, head: formatId(last) })
    expect(await read('a', parseId(gap.data.oldest))).toMatchObject({ records: [], trimmed: 2, through: last })
  })
})

describe('an idempotency key', () => {
  test('appends once within its window, and the whole batch or nothing of it', async () => {
    const first = await append('a', ['1', '2'], {}, 'k')
    now += 300 * SECOND - 1
    const again = await append('a', ['1', '2', '3'], {}, 'k')
    expect(again).toEqual({ ...first, duplicate: true })
    expect(await kept('a')).toEqual(['1', '2'])
  })

  test('appends anew after its window, and is remembered from then on', async () => {
    const first = await append('a', ['1'], {}, 'k')
    now += 300 * SECOND
    const second = await append('a', ['2'], {}, 'k')
    expect(second).toMatchObject({ duplicate: false, first: { offset: 2 } })
    expect(second.first.tag).not.toBe(first.first.tag)
    now += 300 * SECOND - 1
    expect(await append('a', ['3'], {}, 'k')).toEqual({ ...second, duplicate: true })
  })

  test('appends once however many race, and once in each channel', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => append('a', ['1'], {}, 'k')))
    expect(results.filter(({ duplicate }) => !duplicate)).toHaveLength(1)
    expect(new Set(results.map(({ first }) => formatId(first))).size).toBe(1)
    expect(await kept('a')).toEqual(['1'])
    expect(await append('b', ['1'], {}, 'k')).toMatchObject({ duplicate: false })
  })

  test('outlives the records that it stands for', async () => {
    const first = await append('a', ['1'], { seconds: 1 }, 'k')
    now += 10 * SECOND
    vi.advanceTimersByTime(SWEEP)
    expect(await append('a', ['1'], { seconds: 1 }, 'k')).toEqual({ ...first, duplicate: true })
  })

  test('is not forgotten before its window is over, even where channels are forgotten sooner', async () => {
    log = new MemoryLog({ now: () => now, forgetSeconds: 5 })
    const first = await append('a', ['1'], { seconds: 1 }, 'k')
    now += 200 * SECOND
    vi.advanceTimersByTime(SWEEP)
    expect(await append('a', ['1'], { seconds: 1 }, 'k')).toEqual({ ...first, duplicate: true })
  })
})

describe('a channel that is not used', () => {
  test('is forgotten when it has been empty for long enough: it begins anew', async () => {
    const { last } = await append('a', ['1'], { seconds: 1 })
    now += 7 * 24 * HOUR - 1
    vi.advanceTimersByTime(SWEEP)
    expect((await read('a', last)).position).toEqual(last)
    now += 7 * 24 * HOUR
    vi.advanceTimersByTime(SWEEP)
    expect(await rejection(read('a', last))).toMatchObject({ data: { reason: 'epoch' } })
    expect((await append('a', ['2'])).first.offset).toBe(1)
  })

  test('is not forgotten while it has records', async () => {
    const { last } = await append('a', ['1'], { events: 1 })
    now += 100 * 24 * HOUR
    vi.advanceTimersByTime(SWEEP)
    expect((await read('a', last)).position).toEqual(last)
  })

  test('is trimmed all the same, and the sweeper rests when nothing is left', async () => {
    await append('a', ['1'], { seconds: 1 })
    now += 8 * 24 * HOUR
    vi.advanceTimersByTime(SWEEP)
    expect(vi.getTimerCount()).toBe(0)
    await append('a', ['1'], { seconds: 1 })
    expect(vi.getTimerCount()).toBe(1)
  })
})

describe('closing', () => {
  test('forgets everything, wakes nobody and leaves no timer', async () => {
    const woken: unknown[] = []
    const { last } = await append('a', ['1'])
    await (await log.watch((channel) => woken.push(channel))).add('a')
    expect(vi.getTimerCount()).toBe(1)
    await log.close()
    expect(vi.getTimerCount()).toBe(0)
    expect(await rejection(read('a', last))).toMatchObject({ data: { reason: 'epoch' } })
    expect([await kept('a'), woken]).toEqual([[], []])
  })

  test('is not needed for the process to end: the sweeper does not keep it alive', async () => {
    const unref = vi.fn()
    const set = vi.spyOn(globalThis, 'setInterval').mockReturnValue({ unref } as never)
    await append('a', ['1'])
    expect([set, unref].map(({ mock }) => mock.calls.length)).toEqual([1, 1])
    set.mockRestore()
  })
})
