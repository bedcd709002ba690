import { expect, test } from 'vitest'
import { type EventGapData, isEventGap } from '../event/event-gap.ts'
import { eventGap } from '../event/event-gap-error.ts'
import type { AppendOptions, AppendResult, Head, NewRecord, Page, Wake } from '../publisher/event-log.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { formatId, NO_TAG, type Position, parseId } from '../publisher/position.ts'
import { logChecks } from './log-checks.ts'
import type { LogHarness } from './log-harness.ts'

type Limit = Parameters<MemoryLog['read']>[2]

const { capabilities } = new MemoryLog()

const harnessOf = (log: () => MemoryLog, more: Partial<LogHarness> = {}): LogHarness => ({
  capabilities,
  createLog: async () => log(),
  shared: false,
  patience: 20,
  ...more,
})

/** The names of the checks that fail, with what they say. */
async function failuresOf(harness: LogHarness): Promise<Map<string, string>> {
  const failures = new Map<string, string>()
  for (const { name, skip, run } of logChecks({ ...harness, shortestRetention: 0.02 })) {
    if (skip === undefined) await run().catch((error: Error) => failures.set(name, error.message))
  }
  return failures
}

const FAULTS: readonly [fault: string, check: RegExp, log: () => MemoryLog][] = [
  [
    'ignores keys',
    /^the same key appends once/,
    () =>
      new (class extends MemoryLog {
        override append(channel: string, records: readonly NewRecord[], { retention }: AppendOptions<never>) {
          return super.append(channel, records, { retention })
        }
      })(),
  ],
  [
    'mixes up channels that differ in case',
    /^channels do not see each other/,
    () =>
      new (class extends MemoryLog {
        override append(channel: string, records: readonly NewRecord[], options: AppendOptions<never>) {
          return super.append(channel.toLowerCase(), records, options)
        }
        override read(channel: string, after: Position | 'start', limit: Limit) {
          return super.read(channel.toLowerCase(), after, limit)
        }
        override heads(channels: readonly string[]) {
          return super.heads(channels.map((channel) => channel.toLowerCase()))
        }
      })(),
  ],
  [
    'trims one too many',
    /^retention by count keeps the newest so many/,
    () =>
      new (class extends MemoryLog {
        override append(channel: string, records: readonly NewRecord[], options: AppendOptions<never>) {
          const { events = Number.POSITIVE_INFINITY } = options.retention
          return super.append(channel, records, { ...options, retention: { ...options.retention, events: events - 1 } })
        }
      })(),
  ],
  [
    'takes no time into account',
    /^when all is trimmed/,
    () =>
      new (class extends MemoryLog {
        override append(channel: string, records: readonly NewRecord[], options: AppendOptions<never>) {
          return super.append(channel, records, { ...options, retention: { events: options.retention.events } })
        }
      })(),
  ],
  [
    'answers with the place of the last record only',
    /^the records of one append carry one tag/,
    () =>
      new (class extends MemoryLog {
        override async append(...given: Parameters<MemoryLog['append']>): Promise<AppendResult> {
          const result = await super.append(...given)
          return { ...result, first: result.last }
        }
      })(),
  ],
  [
    'says that a page reaches to the head',
    /^pages with a limit of records lead to one another/,
    () =>
      new (class extends MemoryLog {
        override async read(...given: Parameters<MemoryLog['read']>): Promise<Page> {
          const page = await super.read(...given)
          return { ...page, through: page.position }
        }
      })(),
  ],
  [
    'ignores the limit of bytes',
    /^a page with a limit of bytes/,
    () =>
      new (class extends MemoryLog {
        override read(channel: string, after: Position | 'start', limit: Limit) {
          return super.read(channel, after, { ...limit, bytes: 1e9 })
        }
      })(),
  ],
  [
    'goes on in silence after a place that it does not know',
    /^a forged tag is no place/,
    () =>
      new (class extends MemoryLog {
        override async read(channel: string, after: Position | 'start', limit: Limit): Promise<Page> {
          try {
            return await super.read(channel, after, limit)
          } catch (error) {
            if (!isEventGap(error)) throw error
            return super.read(channel, 'start', limit)
          }
        }
      })(),
  ],
  [
    'gives heads in an order of its own',
    /^heads of many channels/,
    () =>
      new (class extends MemoryLog {
        override heads(channels: readonly string[]): Promise<readonly Head[]> {
          return super.heads([...new Set(channels)].toSorted())
        }
      })(),
  ],
  [
    'makes up a place for a channel that is empty',
    /^a channel that was only asked for/,
    () =>
      new (class extends MemoryLog {
        override async heads(channels: readonly string[]): Promise<readonly Head[]> {
          const heads = await super.heads(channels)
          return heads.map((head) =>
            head.position.tag === NO_TAG ? { ...head, position: { ...head.position, epoch: 'new' } } : head,
          )
        }
      })(),
  ],
  [
    'never wakes',
    /^an append wakes/,
    () =>
      new (class extends MemoryLog {
        override watch() {
          return super.watch(() => {})
        }
      })(),
  ],
  [
    'wakes with what nobody has appended',
    /^records that a wake-up brings/,
    () =>
      new (class extends MemoryLog {
        override watch(wake: Wake) {
          return super.watch((channel, appended) => wake(channel, appended && { ...appended, records: [] }))
        }
      })(),
  ],
  [
    'wakes for what was taken off',
    /^delete\(\) ends the waking/,
    () =>
      new (class extends MemoryLog {
        override async watch(wake: (channel?: string) => void) {
          return { ...(await super.watch(wake)), delete: () => {} }
        }
      })(),
  ],
  [
    'works on when it is closed',
    /^a closed log says so/,
    () =>
      new (class extends MemoryLog {
        override async close() {}
      })(),
  ],
]

test('a log that keeps all promises passes', async () => {
  expect(await failuresOf(harnessOf(() => new MemoryLog()))).toEqual(new Map())
})

/** Between two offsets are nine that belong to nobody. */
class SparseLog extends MemoryLog {
  override readonly capabilities = { ...capabilities, offsets: 'ordered', atomicBatch: false } as const

  override async append(...given: Parameters<MemoryLog['append']>): Promise<AppendResult> {
    const { first, last, duplicate } = await super.append(...given)
    return { first: sparse(first), last: sparse(last), duplicate }
  }

  override async read(channel: string, after: Position | 'start', limit: Limit): Promise<Page> {
    const dense = after === 'start' ? after : { ...after, offset: Math.ceil(after.offset / 10) }
    const { records, through, position, trimmed } = await super.read(channel, dense, limit).catch((error) => {
      throw isEventGap(error)
        ? eventGap({ ...error.data, ...sparseIds(error.data), lastEventId: formatId(after as Position) })
        : error
    })
    return {
      records: records.map(sparse),
      through: sparse(through),
      position: sparse(position),
      trimmed: trimmed * 10,
    }
  }

  override async heads(channels: readonly string[]): Promise<readonly Head[]> {
    const heads = await super.heads(channels)
    return heads.map(({ position, trimmed }) => ({ position: sparse(position), trimmed: trimmed * 10 }))
  }

  override watch(wake: (channel?: string) => void) {
    return super.watch((channel) => wake(channel))
  }
}

const sparse = <Place extends { readonly offset: number }>(place: Place): Place => ({
  ...place,
  offset: place.offset * 10,
})

const sparseIds = (ids: EventGapData): Pick<EventGapData, 'oldest' | 'head'> => {
  const [oldest, head] = [ids.oldest, ids.head].map((id) => formatId(sparse(parseId(id ?? '') as Position)))
  return { oldest, head }
}

test('a log whose offsets have holes passes what applies to it', async () => {
  const log = () => new SparseLog()
  expect(await failuresOf(harnessOf(log, { capabilities: new SparseLog().capabilities }))).toEqual(new Map())
})

test.each(FAULTS)('a log is found out that %s', async (_, check, log) => {
  const failures = await failuresOf(harnessOf(log))
  expect([...failures.keys()].filter((name) => check.test(name))).toHaveLength(1)
})

test('a failure says what was expected and what came', async () => {
  const fault = FAULTS.find(([name]) => name === 'says that a page reaches to the head')
  const failures = await failuresOf(harnessOf(fault?.[2] as () => MemoryLog))
  expect([...failures.values()]).toContain(
    'All in pages of 1 records: expected ["1","2","3","4","5","6","7"], got ["1"]',
  )
})

test('a check that does not apply says why, and one that is known to fail is skipped by its name', () => {
  const harness = harnessOf(() => new MemoryLog(), { skip: { 'offsets only grow': 'They do not yet' } })
  const skips = new Map(logChecks(harness).map(({ name, skip }) => [name, skip]))
  expect(skips.get('offsets only grow')).toBe('They do not yet')
  expect(skips.get('a log that is closed and opened again goes on where it was')).toBe('The log is for one process')
  expect(skips.get('offsets are counted from 1 in each channel, without holes')).toBeUndefined()
  expect(() => logChecks({ ...harness, skip: { nonsense: '' } })).toThrow('nonsense')
})

test('the names of the checks are different', () => {
  const names = logChecks(harnessOf(() => new MemoryLog())).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})
