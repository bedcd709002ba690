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

describe('retention by time', () => {
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
  test('leaves an oldest place to resume from, even when nothing is left at all', async () => {
    const { last } = await append('a', ['1', '2'], { seconds: 1 })
    now += SECOND
    const gap = await rejection(read('a', { ...last, offset: 3 }))
    expect(gap.data).toMatchObject({ oldest: `${last.epoch}:2:${NO_TAG}`, head: formatId(last) })
    expect(await read('a', parseId(gap.data.oldest))).toMatchObject({ records: [], trimmed: 2, through: last })
  })
})

describe('an idempotency key', () => {
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
  test('leaves no timer', async () => {
    await append('a', ['1'])
    expect(vi.getTimerCount()).toBe(1)
    await log.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is not needed for the process to end: the sweeper does not keep it alive', async () => {
    const unref = vi.fn()
    const set = vi.spyOn(globalThis, 'setInterval').mockReturnValue({ unref } as never)
    await append('a', ['1'])
    expect([set, unref].map(({ mock }) => mock.calls.length)).toEqual([1, 1])
    set.mockRestore()
  })
})
