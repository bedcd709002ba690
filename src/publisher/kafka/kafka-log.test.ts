import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findKcat, KafkaMock } from '../../../test/tools/kafka-mock.ts'
import { rejection, take } from '../../../test/tools/probes.ts'
import { checkHistories } from '../../../test/tools/process-histories.ts'
import { logChecks } from '../../testing/log-checks.ts'
import type { LogHarness } from '../../testing/log-harness.ts'
import type { AppendResult } from '../event-log.ts'
import { Publisher } from '../publisher.ts'
import { KafkaLog } from './kafka-log.ts'

const ALL = { records: 10_000, bytes: 1e9 }

let mock: KafkaMock

const createLog = (name: string): KafkaLog =>
  new KafkaLog(new Kafka({ brokers: [mock.broker], logLevel: logLevel.NOTHING }), { name, timeout: 15_000 })

const never = 'The mock trims nothing'

const harnessOf = (name: string): LogHarness => ({
  capabilities: {
    offsets: 'ordered',
    survives: 'process-kill',
    copies: 'one',
    idempotencySeconds: false,
    retention: { count: false, perChannel: false },
    transaction: false,
    atomicBatch: false,
  },
  createLog: async () => createLog(name),
  skip: {
    'retention by time keeps a record until its time is over and then lets go of it': never,
    'when all is trimmed the head stays, who has read to it misses nothing, and places do not begin again': never,
  },
})

/** With a topic of its own. */
const checks = logChecks(harnessOf('')).map(({ name, skip }, index) => ({
  name,
  skip,
  run: () => logChecks(harnessOf(`topic-${index}`))[index]?.run(),
}))

describe.skipIf(findKcat() === undefined)('a Kafka log, against a mock of the protocol', { timeout: 60_000 }, () => {
  /** A group takes 3 seconds to come together, so that the checks run side by side. */
  let results: (Promise<void> | undefined)[]

  beforeAll(async () => {
    mock = await KafkaMock.start()
    results = checks.map(({ skip, run }) => (skip === undefined ? run() : undefined))
    for (const result of results) result?.catch(() => {})
  })

  afterAll(async () => {
    await Promise.allSettled(results)
    await mock.stop()
  })

  for (const [index, { name, skip }] of checks.entries()) test.skipIf(skip)(name, () => results[index])
})

describe.skipIf(findKcat() === undefined)('a Kafka log of one topic', { timeout: 60_000, concurrent: true }, () => {
  let server: KafkaMock
  let opened: { close(): Promise<void> }[]

  beforeAll(async () => {
    opened = []
    server = await KafkaMock.start()
  })

  afterAll(async () => {
    for (const one of opened) await one.close()
    await server.stop()
  })

  function open(name: string): KafkaLog {
    const client = new Kafka({ brokers: [server.broker], logLevel: logLevel.NOTHING })
    const log = new KafkaLog(client, { name, retentionSeconds: 3600 })
    opened.push(log)
    return log
  }

  const append = (log: KafkaLog, data: string) => log.append('c', [{ data }], { retention: {} })

  test('tells where history was trimmed, and from where it is whole', async () => {
    const log = open('trimmed')
    const { last } = await append(log, 'first')
    // The mock keeps 5 MB of a partition.
    for (let n = 0; n < 12; n++) await append(log, 'x'.repeat(900_000))
    const page = await log.read('c', last, ALL)
    expect(page.trimmed).toBeGreaterThan(last.offset)
    const { records } = await log.read('c', { ...last, offset: page.trimmed, tag: '-' }, ALL)
    expect(records[0]?.offset).toBe(page.trimmed + 1)
  })

  test('gives history from further back, to several at once, and then what is new', async () => {
    const log = open('history')
    const places: AppendResult[] = []
    for (let n = 0; n < 200; n++) places.push(await append(log, String(n)))
    const fresh = open('history')
    const pages = await Promise.all(
      [9, 49, 99].map((n) => fresh.read('c', places[n]?.last ?? 'start', { records: 50, bytes: 1e6 })),
    )
    for (const [index, from] of [10, 50, 100].entries()) {
      expect(pages[index]?.records.map(({ data }) => data)).toEqual(
        Array.from({ length: 50 }, (_, n) => String(n + from)),
      )
    }
    const rest = await fresh.read('c', pages[2]?.through ?? 'start', ALL)
    expect(rest.records).toHaveLength(50)
    await append(log, 'new')
    expect((await fresh.read('c', rest.through, ALL)).records.map(({ data }) => data)).toEqual(['new'])
  })

  test('shows subscribers of two processes the same events, the newest and those that were missed', async () => {
    const logs = ['publisher', 'publisher'].map(open)
    await Promise.all(logs.map((log) => log.open()))
    const [one, other] = logs.map((log) => new Publisher<Record<string, number>>(log))
    if (one === undefined || other === undefined) throw new Error('No publishers')
    opened.unshift(one, other)
    const [here, there] = [one.subscribe('c'), other.subscribe('c')]
    await Promise.all([here.ready, there.ready])
    const published = await Promise.all(Array.from({ length: 50 }, (_, n) => [one, other][n % 2]?.publish('c', n)))
    const seen = await take(here, 50)
    expect(await take(there, 50)).toEqual(seen)
    expect(seen.filter((n) => n % 2 === 0)).toEqual(Array.from({ length: 25 }, (_, n) => n * 2))
    const first = published.find((_, n) => n === seen[0])?.id
    expect(await take(other.subscribe('c', { lastEventId: first }), 49)).toEqual(seen.slice(1))
  })

  test('loses, doubles and reorders nothing for two processes', async () => {
    await checkHistories({ kind: 'kafka', url: server.broker, count: 300 })
  })

  test('refuses what Kafka cannot do', async () => {
    const log = open('refused')
    const twice = log.append('c', [{ data: '1' }, { data: '2' }], { retention: {} })
    expect(await rejection(twice)).toBeInstanceOf(RangeError)
    const keyed = log.append('c', [{ data: '1' }], { retention: {}, idempotencyKey: 'k' })
    expect(await rejection(keyed)).toBeInstanceOf(RangeError)
    const longer = log.append('c', [{ data: '1' }], { retention: { seconds: 3601 } })
    expect(await rejection(longer)).toBeInstanceOf(RangeError)
  })

  test('whose broker is gone says so', async () => {
    const gone = await KafkaMock.start()
    const client = new Kafka({ brokers: [gone.broker], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
    const log = new KafkaLog(client, { timeout: 500 })
    opened.push(log)
    await append(log, '1')
    await gone.stop()
    expect(await rejection(append(log, '2'))).toMatchObject({ code: 'APPEND_UNKNOWN' })
    expect(await rejection(log.heads(['c']))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })
})
