import { jetstream } from '@nats-io/jetstream'
import { type NatsConnection as Connection, connect } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findNatsServer, NatsServer } from '../../../test/tools/nats-server.ts'
import { take } from '../../../test/tools/probes.ts'
import { checkHistories } from '../../../test/tools/process-histories.ts'
import { ScriptProcess } from '../../../test/tools/script-process.ts'
import { getEventMeta } from '../../event/event-meta.ts'
import { formatId, type Position } from '../position.ts'
import { Publisher } from '../publisher.ts'
import { NatsLog } from './nats-log.ts'

const COUNT = 200

type Acknowledged = Position & { readonly data: string }

let server: NatsServer
let connection: Connection
let log: NatsLog
let publisher: Publisher<Record<string, unknown>>
let processes: ScriptProcess[]

const numbers = Array.from({ length: COUNT }, (_, index) => index + 1)

describe.skipIf(findNatsServer() === undefined)('processes that publish to one stream', { timeout: 90_000 }, () => {
  beforeAll(async () => {
    server = await NatsServer.start()
  })

  beforeEach(async () => {
    processes = []
    connection = await connect({ servers: server.url, reconnectTimeWait: 20, maxReconnectAttempts: -1 })
    log = new NatsLog(connection, { jetstream: jetstream(connection), timeout: 500 })
    publisher = new Publisher(log, { onError: () => {} })
  })

  afterEach(async () => {
    await Promise.all(processes.map((process) => process.kill()))
    await publisher.close()
    await log.close()
    await connection.close()
  })

  afterAll(() => server.stop())

  const append = (channel: string, name: string): ScriptProcess => {
    const process = new ScriptProcess('append-to-nats.ts', server.url, channel, name, String(COUNT))
    processes.push(process)
    return process
  }

  test('lose, double and reorder nothing for anybody while the server is killed and restarted', async () => {
    const restart = () => server.restart()
    await checkHistories({ kind: 'nats', url: server.url, count: 300, restart, restartAt: [0.2, 0.5, 0.8] })
  })

  test('of the same keys append each once, and get the same answers', async () => {
    const racers = [append('raced', 'same'), append('raced', 'same')]
    expect(await Promise.all(racers.map(({ ended }) => ended))).toEqual([0, 0])
    const [one, other] = racers.map(({ lines }) => (lines as Acknowledged[]).map(formatId))
    expect(one).toEqual(other)
    const { records } = await log.read('raced', 'start', { records: 10_000, bytes: 1e9 })
    expect(records.map(({ data }) => data)).toEqual(numbers.map((number) => JSON.stringify({ json: `same/${number}` })))
  })

  test('are seen by every subscriber in one order', async () => {
    const [one, other] = [publisher.subscribe('ordered'), publisher.subscribe('ordered')]
    await Promise.all([one.ready, other.ready])
    const second = new Publisher<Record<string, unknown>>(log)
    const third = second.subscribe('ordered')
    await third.ready
    const published = numbers.map((n) => [publisher, second][n % 2]?.publish('ordered', { n }))
    const [first, ...others] = await Promise.all(
      [one, other, third].map(async (subscription) =>
        (await take(subscription, COUNT)).map((event) => getEventMeta(event as object)?.id),
      ),
    )
    expect(new Set(first)).toEqual(new Set((await Promise.all(published)).map((result) => result?.id)))
    for (const ids of others) expect(ids).toEqual(first)
    await second.close()
  })
})
