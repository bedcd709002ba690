import amqplib, { type ChannelModel } from 'amqplib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { rejection, take } from '../../../test/tools/probes.ts'
import { checkHistories } from '../../../test/tools/process-histories.ts'
import { findRabbitServer, RabbitServer } from '../../../test/tools/rabbitmq-server.ts'
import { randomToken } from '../../core/random-token.ts'
import { logChecks } from '../../testing/log-checks.ts'
import type { LogHarness } from '../../testing/log-harness.ts'
import type { AppendResult } from '../event-log.ts'
import { Publisher } from '../publisher.ts'
import { RabbitLog, type RabbitLogOptions } from './rabbit-log.ts'

const ALL = { records: 10_000, bytes: 1e9 }

let server: RabbitServer
let opened: { close(): Promise<void> }[] = []

async function connect(): Promise<ChannelModel> {
  const connection = await amqplib.connect(server.url, { noDelay: true })
  connection.on('error', () => {})
  return connection
}

/** Cuts the connection as soon as something more is sent on it. */
async function connectAndCut(isCut: () => boolean): Promise<ChannelModel> {
  const connection = await connect()
  const create = connection.createConfirmChannel.bind(connection)
  connection.createConfirmChannel = async () => {
    const channel = await create()
    const send = channel.sendToQueue.bind(channel)
    channel.sendToQueue = (...message) => {
      const isSent = send(...message)
      if (isCut()) (connection.connection as any).stream.destroy(new Error('cut'))
      return isSent
    }
    return channel
  }
  return connection
}

function createLog(options: RabbitLogOptions = {}): RabbitLog {
  const log = new RabbitLog(connect, { retentionSeconds: 3600, ...options })
  opened.push(log)
  return log
}

const whole = 'RabbitMQ removes whole segments, when it begins a new one'

const harness: LogHarness = {
  capabilities: {
    offsets: 'ordered',
    survives: 'process-kill',
    copies: 'one',
    idempotencySeconds: false,
    retention: { count: false, perChannel: false },
    transaction: false,
    atomicBatch: false,
  },
  createLog: async () => createLog(),
  skip: {
    'retention by time keeps a record until its time is over and then lets go of it': whole,
    'when all is trimmed the head stays, who has read to it misses nothing, and places do not begin again': whole,
  },
}

describe.skipIf(findRabbitServer() === undefined)('a RabbitMQ log', { timeout: 20_000 }, () => {
  beforeAll(async () => {
    server = await RabbitServer.start()
  }, 60_000)

  afterEach(async () => {
    for (const one of opened) await one.close()
    opened = []
  })

  afterAll(() => server?.stop())

  for (const { name, skip, run } of logChecks(harness)) test.skipIf(skip)(name, run, 20_000)

  const append = (log: RabbitLog, data: string) => log.append('c', [{ data }], { retention: {} })

  test('tells where history was trimmed, and from where it is whole', async () => {
    const options = { epoch: randomToken(8), shards: 1, retentionSeconds: 1, segmentBytes: 20_000 }
    const log = createLog(options)
    const { last } = await append(log, 'first')
    const filling = async (): Promise<number> => {
      for (let n = 0; n < 20; n++) await append(log, 'x'.repeat(2000))
      return (await createLog(options).read('c', 'start', ALL)).trimmed
    }
    await expect.poll(filling, { timeout: 15_000, interval: 200 }).toBeGreaterThan(last.offset)
    const fresh = createLog(options)
    const page = await fresh.read('c', last, ALL)
    expect(page.trimmed).toBeGreaterThan(last.offset)
    const { records } = await fresh.read('c', { ...last, offset: page.trimmed, tag: '-' }, ALL)
    expect(records[0]?.offset).toBe(page.trimmed + 1)
  })

  test('tells places of a queue that was deleted and made anew from those that are there again', async () => {
    const options = { epoch: randomToken(8), shards: 1 }
    const log = createLog(options)
    const [one, two] = [await append(log, '1'), await append(log, '2')]
    const channel = await (await connect()).createChannel()
    await channel.deleteQueue(`headwater.${options.epoch}.1.0`)
    await expect.poll(() => append(log, '3').catch(() => undefined)).toBeDefined()
    for (let n = 4; n < 9; n++) await append(log, String(n))
    for (const reader of [log, createLog(options)]) {
      for (const { last } of [one, two]) {
        const error = await rejection(reader.read('c', last, ALL))
        expect(error).toMatchObject({ code: 'EVENT_GAP', data: { reason: 'epoch' } })
      }
    }
  })

  test('that has lost its connection goes on where it was, and does not know what became of an event', async () => {
    let isCut = false
    const log = new RabbitLog(() => connectAndCut(() => isCut), { retentionSeconds: 3600 })
    const other = createLog()
    opened.push(log)
    const publisher = new Publisher<Record<string, number>>(log, { onError: () => {} })
    const elsewhere = new Publisher<Record<string, number>>(other, { onError: () => {} })
    opened.unshift(publisher, elsewhere)
    const subscription = publisher.subscribe('c')
    await subscription.ready
    await elsewhere.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
    isCut = true
    expect(await rejection(publisher.publish('c', 2))).toMatchObject({ code: 'APPEND_UNKNOWN' })
    isCut = false
    await elsewhere.publish('c', 3)
    const [next] = await take(subscription, 1)
    if (next !== 3) expect([next, ...(await take(subscription, 1))]).toEqual([2, 3])
    await elsewhere.publish('c', 4)
    expect(await take(subscription, 1)).toEqual([4])
  })

  test('gives history that is older than what this process remembers, and pages that are whole', async () => {
    const options = { epoch: randomToken(8), shards: 1 }
    const log = createLog(options)
    const places: AppendResult[] = []
    for (let n = 0; n < 300; n++) places.push(await append(log, String(n)))
    await log.append('other', [{ data: 'x' }], { retention: {} })
    const fresh = createLog(options)
    const after = places[9]?.last
    if (after === undefined) throw new Error('No place')
    const page = await fresh.read('c', after, { records: 100, bytes: 1e6 })
    expect(page.records.map(({ data }) => data)).toEqual(Array.from({ length: 100 }, (_, n) => String(n + 10)))
    const rest = await fresh.read('c', page.through, ALL)
    expect(rest.records).toHaveLength(190)
    expect(rest.through).toEqual(rest.position)
  })

  test('has all that was acknowledged when its server was killed, and goes on with it', async () => {
    const log = createLog({ epoch: randomToken(8) })
    const places: AppendResult[] = []
    for (let n = 0; n < 50; n++) places.push(await append(log, String(n)))
    await server.restart()
    await expect.poll(() => append(log, '50').catch(() => undefined), { timeout: 10_000 }).toBeDefined()
    const { records } = await log.read('c', places[0]?.last ?? 'start', ALL)
    expect(records.slice(0, 49).map(({ data, offset, tag }) => [data, offset, tag])).toEqual(
      places.slice(1).map(({ last }, n) => [String(n + 1), last.offset, last.tag]),
    )
    expect(records.at(-1)?.data).toBe('50')
  }, 60_000)

  test('loses, doubles and reorders nothing for two processes while its server is killed and restarted', async () => {
    const restart = () => server.restart()
    await checkHistories({ kind: 'rabbitmq', url: server.url, count: 200, restart, restartAt: [0.4] })
  }, 90_000)

  test('refuses what RabbitMQ cannot do', async () => {
    const log = createLog()
    const twice = log.append('c', [{ data: '1' }, { data: '2' }], { retention: {} })
    expect(await rejection(twice)).toBeInstanceOf(RangeError)
    const keyed = log.append('c', [{ data: '1' }], { retention: {}, idempotencyKey: 'k' })
    expect(await rejection(keyed)).toBeInstanceOf(RangeError)
    const longer = log.append('c', [{ data: '1' }], { retention: { seconds: 3601 } })
    expect(await rejection(longer)).toBeInstanceOf(RangeError)
  })
})
