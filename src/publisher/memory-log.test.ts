import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rejection } from '../../test/tools/probes.ts'
import type { AppendResult, Head, Page, Retention, StoredRecord } from './event-log.ts'
import { MemoryLog } from './memory-log.ts'
import { formatId, NO_TAG, type Position, parseId } from './position.ts'

const ALL = { records: 10_000, bytes: 1e9 }

let log: MemoryLog

beforeEach(() => {
  log = new MemoryLog()
})

afterEach(() => log.close())

interface AppendRequest {
  readonly retention?: Retention
  readonly key?: string
  readonly to?: MemoryLog
}

function append(channel: string, data: readonly string[], request: AppendRequest = {}): Promise<AppendResult> {
  const { retention = {}, key, to = log } = request
  const records = data.map((data) => ({ data }))
  return to.append(channel, records, { retention, idempotencyKey: key })
}

const read = (channel: string, after: Position | 'start' = 'start', limit = ALL): Promise<Page> =>
  log.read(channel, after, limit)
const head = async (channel: string, of: MemoryLog = log): Promise<Head> => (await of.heads([channel]))[0] as Head
const data = (records: readonly StoredRecord[]): string[] => records.map(({ data }) => data)

describe('places', () => {
  test('are counted from 1 in each channel, without holes', async () => {
    const results = [await append('a', ['1']), await append('a', ['2', '3']), await append('b', ['1'])]
    results.push(await append('a', ['4']))
    expect(results.map(({ first, last }) => [first.offset, last.offset])).toEqual([
      [1, 1],
      [2, 3],
      [1, 1],
      [4, 4],
    ])
    expect((await read('a')).records.map(({ offset }) => offset)).toEqual([1, 2, 3, 4])
  })

  test('stay in order when many append at once', async () => {
    const calls = Array.from({ length: 50 }, (_, index) => append('a', [String(index)]))
    const firsts = (await Promise.all(calls)).map(({ first }) => first.offset)
    expect(firsts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
  })

  test('carry one tag per append, and each append another', async () => {
    const [one, two] = [await append('a', ['1', '2']), await append('a', ['3'])]
    expect(one.first.tag).toBe(one.last.tag)
    expect(two.first.tag).not.toBe(one.first.tag)
    const tags = (await read('a')).records.map(({ tag }) => tag)
    expect(tags).toEqual([one.first.tag, one.first.tag, two.first.tag])
  })

  test('belong to an epoch of their channel and of this log', async () => {
    const other = new MemoryLog()
    const epochs = [(await append('a', ['1'])).first.epoch, (await append('b', ['1'])).first.epoch]
    epochs.push((await append('a', ['1'], { to: other })).first.epoch)
    expect(new Set(epochs).size).toBe(3)
    await other.close()
  })

  test('of a channel that was only asked for belong to the same epoch later', async () => {
    const { position } = await head('a')
    expect(position).toMatchObject({ offset: 0, tag: NO_TAG })
    expect((await append('a', ['1'])).first.epoch).toBe(position.epoch)
    expect(data((await read('a', position)).records)).toEqual(['1'])
  })

  test('make ids', async () => {
    const { first, last } = await append('a', ['1', '2'])
    for (const place of [first, last]) expect(parseId(formatId(place))).toEqual(place)
  })

  test('that were handed out stay valid when somebody appends no records', async () => {
    const { last } = await append('a', ['1', '2'])
    await append('a', []).catch(() => {})
    const page = await read('a', last)
    expect(page).toMatchObject({ records: [], through: last, position: last })
  })
})

describe('a page', () => {
  test('of an empty channel is complete up to the beginning', async () => {
    const page = await read('a')
    expect(page).toMatchObject({ records: [], trimmed: 0, through: { offset: 0 }, position: { offset: 0 } })
    expect(await read('a', page.through)).toEqual(page)
  })

  test('has what comes after a place, and is complete up to its last record', async () => {
    const { last: two } = await append('a', ['1', '2'])
    const { last } = await append('a', ['3', '4'])
    const page = await read('a', two)
    expect(data(page.records)).toEqual(['3', '4'])
    expect([page.through, page.position]).toEqual([last, last])
    expect(await read('a', last)).toMatchObject({ records: [], through: last, position: last })
  })

  test.each([1, 2, 3, 6, 7, 100])('of %i records leads to the next one until all is read', async (size) => {
    const { last } = await append('a', ['1', '2', '3', '4'])
    await append('a', ['5', '6', '7'])
    const seen: StoredRecord[] = []
    let after: Position | 'start' = 'start'
    for (let more = true; more; ) {
      const page: Page = await read('a', after, { records: size, bytes: 1e9 })
      expect(page.records.length).toBeLessThanOrEqual(size)
      seen.push(...page.records)
      after = page.through
      more = page.through.offset < page.position.offset
    }
    expect(data(seen)).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(last.offset).toBe(4)
  })

  test('ends before the record that is too many bytes, and begins with it next time', async () => {
    await append('a', ['xxxx', 'yyyy', 'zzzzz'])
    const limit = { records: 10, bytes: 12 }
    const first = await read('a', 'start', limit)
    expect([data(first.records), first.through.offset]).toEqual([['xxxx', 'yyyy'], 2])
    expect(data((await read('a', first.through, limit)).records)).toEqual(['zzzzz'])
    expect(data((await read('a', 'start', { records: 10, bytes: 13 })).records)).toHaveLength(3)
  })

  test('has room for one record, however large', async () => {
    await append('a', ['x'.repeat(1000), 'y'])
    const page = await read('a', 'start', { records: 10, bytes: 1 })
    expect([page.records.length, page.through.offset, page.position.offset]).toEqual([1, 1, 2])
  })

  test('is a snapshot: what is appended later is not in it', async () => {
    await append('a', ['1'])
    const page = await read('a')
    await append('a', ['2'])
    expect([data(page.records), page.position.offset]).toEqual([['1'], 1])
  })
})

describe('a place of no part of this history', () => {
  const strangers: [name: string, make: (of: { first: Position; last: Position }) => Position][] = [
    ['another tag', ({ last }) => ({ ...last, tag: 'forged' })],
    ['the tag of another append', ({ first, last }) => ({ ...last, tag: first.tag })],
    ['no tag', ({ last }) => ({ ...last, tag: NO_TAG })],
    ['a tag where there is none', ({ first }) => ({ ...first, offset: 0 })],
    ['an offset beyond the head', ({ last }) => ({ ...last, offset: last.offset + 1 })],
    ['an offset far beyond the head', ({ last }) => ({ ...last, offset: 999_999_999_999_999 })],
    ['another epoch', ({ last }) => ({ ...last, epoch: 'another' })],
  ]

  test.each(strangers)('is a gap with reason epoch: %s', async (_, make) => {
    const { first } = await append('a', ['1', '2'])
    const { last } = await append('a', ['3'])
    const stranger = make({ first, last })
    expect(await rejection(read('a', stranger))).toMatchObject({
      code: 'EVENT_GAP',
      data: {
        reason: 'epoch',
        lastEventId: formatId(stranger),
        oldest: `${last.epoch}:0:${NO_TAG}`,
        head: formatId(last),
      },
    })
  })

  test('may be one of another channel or of another log', async () => {
    const { last } = await append('a', ['1'])
    const other = new MemoryLog()
    await append('b', ['1'])
    await append('a', ['1'], { to: other })
    expect(await rejection(read('b', last))).toMatchObject({ data: { reason: 'epoch' } })
    expect(await rejection(other.read('a', last, ALL))).toMatchObject({ data: { reason: 'epoch' } })
    await other.close()
  })

  test('names the oldest place, from which all that is left can be read', async () => {
    await append('a', ['1', '2', '3'], { retention: { events: 2 } })
    const gap = await rejection(read('a', { epoch: 'another', offset: 1, tag: 'x' }))
    const oldest = parseId(gap.data.oldest) as Position
    expect(data((await read('a', oldest)).records)).toEqual(['2', '3'])
  })
})

describe('appends wake', () => {
  async function watching(of: MemoryLog = log) {
    const woken: (string | undefined)[] = []
    return { woken, watch: await of.watch((channel) => woken.push(channel)) }
  }

  test('those who added the channel, until they take it off', async () => {
    const [one, two] = [await watching(), await watching()]
    await one.watch.add('a')
    await two.watch.add('a')
    await two.watch.add('b')
    await append('a', ['1', '2'])
    await append('b', ['1'])
    await append('c', ['1'])
    one.watch.delete('a')
    await append('a', ['3'])
    expect(one.woken).toEqual(['a'])
    expect(two.woken).toEqual(['a', 'b', 'a'])
  })

  test('nobody who has closed the watch, and the others still', async () => {
    const [one, two] = [await watching(), await watching()]
    await one.watch.add('a')
    await two.watch.add('a')
    await one.watch.close()
    await append('a', ['1'])
    expect([one.woken, two.woken]).toEqual([[], ['a']])
  })

  test('only when there is something new to read', async () => {
    const { woken, watch } = await watching()
    await watch.add('a')
    let sizeWhenWoken = 0
    const second = await log.watch(() => {
      void head('a').then(({ position }) => {
        sizeWhenWoken = position.offset
      })
    })
    await second.add('a')
    await append('a', ['1'], { key: 'k' })
    await append('a', ['1'], { key: 'k' })
    expect(woken).toEqual(['a'])
    expect(sizeWhenWoken).toBe(1)
  })
})

test('what a memory log can do is declared as it is', () => {
  expect(new MemoryLog({ idempotencySeconds: 5 }).capabilities).toEqual({
    offsets: 'contiguous',
    survives: 'nothing',
    copies: 'one',
    idempotencySeconds: 5,
    retention: { count: true, perChannel: true },
    transaction: false,
    atomicBatch: true,
  })
})
