import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ControlledLog } from '../../test/tools/controlled-log.ts'
import { later, outcome, rejection, settle } from '../../test/tools/probes.ts'
import { RPCError } from '../core/error.ts'
import { AppendQueue, type AppendQueueOptions, type PublishResult } from './append-queue.ts'
import type { AppendOptions, AppendResult, LogCapabilities, NewRecord } from './event-log.ts'
import { Measures } from './measures.ts'
import { MemoryLog } from './memory-log.ts'
import { formatId } from './position.ts'

const UNKNOWN = new RPCError('APPEND_UNKNOWN')

/** A log that writes down which batches it got, and by which key. */
class BatchLog extends ControlledLog {
  readonly batches: string[][] = []
  readonly options: AppendOptions<never>[] = []
  readonly #declared: Partial<LogCapabilities>
  underWay = 0
  mostUnderWay = 0

  constructor(declared: Partial<LogCapabilities> = {}) {
    super(new MemoryLog())
    this.#declared = declared
  }

  override get capabilities(): LogCapabilities {
    return { ...super.capabilities, ...this.#declared }
  }

  override async append(channel: string, records: readonly NewRecord[], options: AppendOptions<never>) {
    this.batches.push(records.map(({ data }) => data))
    this.options.push(options)
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay)
    try {
      return (await super.append(channel, records, options)) as AppendResult
    } finally {
      this.underWay--
    }
  }
}

interface Report {
  readonly channel: string
  readonly ids: string[]
  readonly data: string[]
}

function setUp(log: BatchLog, before: AppendQueueOptions['before'] = () => undefined) {
  const reports: Report[] = []
  const unknown: string[] = []
  const closing = new AbortController()
  const queue = new AppendQueue({
    measures: new Measures(),
    log,
    retentionOf: () => ({ events: 1000 }),
    before,
    after: (channel, { first }, records) => {
      const ids = records.map((_, index) => formatId({ ...first, offset: first.offset + index }))
      reports.push({ channel, ids, data: records.map(({ data }) => data) })
    },
    unknown: (channel) => unknown.push(channel),
    signal: closing.signal,
  })
  const append = (data: string, idempotencyKey?: string, channel = 'c'): Promise<PublishResult> =>
    queue.append(channel, [{ data }], idempotencyKey)
  return { log, queue, append, reports, unknown, closing }
}

describe('what waits while an append is under way', () => {
  test('goes out together in the next one, in the order of the calls', async () => {
    const { log, append } = setUp(new BatchLog())
    await Promise.all(['1', '2', '3', '4'].map((data) => append(data)))
    expect(log.batches).toEqual([['1'], ['2', '3', '4']])
  })

  test('does not overtake or join what has a key of its own', async () => {
    const { log, append } = setUp(new BatchLog())
    const calls = ['1', '2', '3', 'k4', 'k5', '6', '7', 'k8']
    const results = await Promise.all(calls.map((data) => append(data, data.startsWith('k') ? data : undefined)))
    expect(log.batches).toEqual([['1'], ['2', '3'], ['k4'], ['k5'], ['6', '7'], ['k8']])
    expect(log.options.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      undefined,
      undefined,
      'k4',
      'k5',
      undefined,
      'k8',
    ])
    expect(results.map(({ id }) => Number(id.split(':')[1]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('takes an empty key for a key', async () => {
    const { log, append } = setUp(new BatchLog())
    await Promise.all([append('1'), append('2', ''), append('3')])
    expect(log.batches).toEqual([['1'], ['2'], ['3']])
  })

  test('goes out in batches of at most 256', async () => {
    const { log, append } = setUp(new BatchLog())
    await Promise.all(Array.from({ length: 600 }, (_, index) => append(String(index))))
    expect(log.batches.map(({ length }) => length)).toEqual([1, 256, 256, 87])
    expect(log.batches.flat()).toEqual(Array.from({ length: 600 }, (_, index) => String(index)))
  })

  test('goes out in batches of at most 256 KiB, an event of any size alone', async () => {
    const { log, append } = setUp(new BatchLog())
    const half = 'é'.repeat(64 * 1024)
    await Promise.all(['1', half, half, '2', half.repeat(3), '3', '4'].map((data) => append(data)))
    expect(log.batches.map((batch) => batch.map(({ length }) => length))).toEqual([
      [1],
      [65536, 65536],
      [1],
      [3 * 65536],
      [1, 1],
    ])
  })

  test.each([
    ['offsets may have holes', { offsets: 'ordered' }],
    ['batches are not atomic', { atomicBatch: false }],
  ] as const)('goes out one by one where %s', async (_, declared) => {
    const { log, append } = setUp(new BatchLog(declared))
    await Promise.all(['1', '2', '3'].map((data) => append(data)))
    expect(log.batches).toEqual([['1'], ['2'], ['3']])
  })

  test('waits: one append is under way per channel, and channels do not wait for each other', async () => {
    const { log, append } = setUp(new BatchLog())
    const hold = log.hold('append')
    const calls = ['a', 'b'].flatMap((channel) => ['1', '2', 'k'].map((data) => append(data, data, channel)))
    await settle()
    expect(log.batches).toHaveLength(2)
    hold.release()
    await Promise.all(calls)
    expect(log.batches).toHaveLength(6)
    expect(log.mostUnderWay).toBe(2)
  })

  test('stays ahead of what is published when the append is answered', async () => {
    const { log, append } = setUp(new BatchLog())
    const first = append('1').then(() => append('3'))
    await Promise.all([first, append('2')])
    expect(log.batches.flat()).toEqual(['1', '2', '3'])
  })
})

describe('an append', () => {
  test('is answered with the id of its own event', async () => {
    const { append, reports } = setUp(new BatchLog())
    const results = await Promise.all(['1', '2', '3'].map((data) => append(data)))
    expect(results.map(({ id }) => id)).toEqual(reports.flatMap(({ ids }) => ids))
    expect(results.every(({ duplicate }) => !duplicate)).toBe(true)
    expect(new Set(results.map(({ id }) => id)).size).toBe(3)
  })

  test('is reported before it is answered', async () => {
    const { append, reports } = setUp(new BatchLog())
    const reported = append('1').then(() => reports.length)
    expect(await reported).toBe(1)
  })

  test('says what the retention is', async () => {
    const { log, append } = setUp(new BatchLog())
    await append('1')
    expect(log.options[0]?.retention).toEqual({ events: 1000 })
  })

  test('with a key that was used answers as the first did and is not reported', async () => {
    const { append, reports } = setUp(new BatchLog())
    const [first, , again] = await Promise.all([append('1', 'k'), append('2'), append('other', 'k')])
    expect(again).toEqual({ id: first?.id, duplicate: true })
    expect(reports.flatMap(({ data }) => data)).toEqual(['1', '2'])
  })

  test('that fails rejects for those in its batch, and only for them', async () => {
    const { log, append } = setUp(new BatchLog())
    const hold = log.hold('append')
    const first = append('1')
    const batch = [later(append('2')), later(append('3'))]
    const error = new Error('Disk full')
    await settle()
    log.fail('append', error, 1)
    hold.release()
    await first
    for (const call of batch) expect(await rejection(call)).toBe(error)
    expect((await append('4')).id).toMatch(/:2:/)
    expect(log.batches).toEqual([['1'], ['2', '3'], ['4']])
  })

  test('that fails is not followed out of order by what waited behind it', async () => {
    const { log, append } = setUp(new BatchLog())
    log.fail('append', new Error('Disk full'), 1)
    const [first, second, third] = [later(append('1')), append('2'), append('3')]
    await rejection(first)
    expect([(await second).id, (await third).id].map((id) => id.split(':')[1])).toEqual(['1', '2'])
  })

  test('whose reply was lost is not repeated without a key: it could be there twice', async () => {
    const { log, append, unknown } = setUp(new BatchLog())
    log.fail('append', UNKNOWN, 1)
    const call = later(append('1'))
    expect((await append('2')).id).toMatch(/:1:/)
    expect(await rejection(call)).toBe(UNKNOWN)
    expect(log.batches).toEqual([['1'], ['2']])
    expect(unknown).toEqual(['c'])
  })

  test('that fails otherwise is not repeated, key or not', async () => {
    const { log, append } = setUp(new BatchLog())
    const error = new Error('Disk full')
    log.fail('append', error, 1)
    expect(await rejection(append('1', 'k'))).toBe(error)
    expect(log.batches).toEqual([['1']])
  })
})

describe('an append with a key whose reply was lost', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })

  afterEach(() => {
    vi.useRealTimers()
  })

  test('is repeated until it is answered, and holds the queue meanwhile', async () => {
    const { log, append, unknown } = setUp(new BatchLog())
    log.fail('append', UNKNOWN, 3)
    const calls = [append('1', 'k'), append('2'), append('3')]
    await settle()
    expect(log.batches).toEqual([['1']])
    await vi.advanceTimersByTimeAsync(3000)
    const results = await Promise.all(calls)
    expect(log.batches).toEqual([['1'], ['1'], ['1'], ['1'], ['2', '3']])
    expect(new Set(log.options.slice(0, 4).map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set(['k']))
    expect(results.map(({ id }) => Number(id.split(':')[1]))).toEqual([1, 2, 3])
    expect(unknown).toEqual(['c', 'c', 'c'])
  })

  test('is appended once though it had got through, and its subscribers are woken', async () => {
    const { log, append, unknown } = setUp(new BatchLog())
    const hold = log.hold('append')
    const call = append('1', 'k')
    await settle()
    hold.fail(UNKNOWN)
    await vi.advanceTimersByTimeAsync(100)
    expect(await call).toMatchObject({ id: expect.stringMatching(/:1:/), duplicate: true })
    expect((await log.heads(['c']))[0]?.position.offset).toBe(1)
    expect(unknown).toEqual(['c', 'c'])
  })

  test('stays unknown, whatever the log says to its repetitions', async () => {
    const { log, append } = setUp(new BatchLog({ idempotencySeconds: 20 }))
    log.fail('append', UNKNOWN, 1)
    const call = later(append('1', 'k'))
    await settle()
    log.fail('append', new Error('Connection refused'))
    await vi.advanceTimersByTimeAsync(12_000)
    expect(await rejection(call)).toBe(UNKNOWN)
    expect(log.batches.length).toBeGreaterThan(5)
  })

  test('is not repeated where the log remembers no keys', async () => {
    const { log, append } = setUp(new BatchLog({ idempotencySeconds: false }))
    log.fail('append', UNKNOWN, 1)
    expect(await rejection(append('1', 'k'))).toBe(UNKNOWN)
    expect(log.batches).toEqual([['1']])
  })

  test('is given up when the publisher closes', async () => {
    const { log, append, closing } = setUp(new BatchLog())
    log.fail('append', UNKNOWN)
    const call = later(append('1', 'k'))
    await settle()
    closing.abort()
    expect(await outcome(call)).toEqual({ error: UNKNOWN })
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('what an append has to wait for', () => {
  test('comes first, each time anew', async () => {
    let open = (): void => {}
    let asked = 0
    const { log, append } = setUp(new BatchLog(), () => {
      asked++
      return new Promise<void>((resolve) => {
        open = resolve
      })
    })
    const call = append('1')
    expect(await outcome(call)).toBe('pending')
    expect(log.batches).toEqual([])
    open()
    await call
    const next = append('2')
    expect(await outcome(next)).toBe('pending')
    open()
    await next
    expect(asked).toBe(2)
  })

  test('does not matter when it fails', async () => {
    const { log, append } = setUp(new BatchLog(), () => Promise.reject(new Error('The reader was closed')))
    await append('1')
    expect(log.batches).toEqual([['1']])
  })

  test('holds up its own channel only', async () => {
    const { append } = setUp(new BatchLog(), (channel) => (channel === 'a' ? new Promise(() => {}) : undefined))
    const [stuck, free] = [append('1', undefined, 'a'), append('1', undefined, 'b')]
    await free
    expect(await outcome(stuck)).toBe('pending')
  })
})
