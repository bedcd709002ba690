import amqplib, { type ChannelModel } from 'amqplib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
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

type Cut = 'never' | 'before it was sent' | 'before it came back'

/** Cuts the connection around the next record: marks, which are no records, pass. */
async function connectAndCut(cut: () => Cut): Promise<ChannelModel> {
  const connection = await connect()
  const destroy = (): void => (connection.connection as any).stream.destroy(new Error('cut'))
  const create = connection.createConfirmChannel.bind(connection)
  connection.createConfirmChannel = async () => {
    const channel = await create()
    const { sendToQueue: send, consume } = channel
    channel.sendToQueue = (queue, content, properties, ...rest) => {
      if (properties?.correlationId !== '' && cut() === 'before it was sent') destroy()
      return send.call(channel, queue, content, properties, ...rest)
    }
    channel.consume = (queue, receive, ...rest) => {
      const hand = (message: Parameters<typeof receive>[0]): void => {
        if (message?.properties.correlationId !== '' && cut() === 'before it came back') destroy()
        else receive(message)
      }
      return consume.call(channel, queue, hand, ...rest)
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

  test.each([
    ['before it was sent', [3]],
    ['before it came back', [2, 3]],
  ] as const)('that loses its connection goes on, and does not know of an event that was cut %s', async (how, rest) => {
    let cut: Cut = 'never'
    const options = { epoch: randomToken(8), shards: 1 }
    const log = new RabbitLog(() => connectAndCut(() => cut), { retentionSeconds: 3600, ...options })
    const other = createLog(options)
    opened.push(log)
    const publisher = new Publisher<Record<string, number>>(log, { onError: () => {} })
    const elsewhere = new Publisher<Record<string, number>>(other, { onError: () => {} })
    opened.unshift(publisher, elsewhere)
    const subscription = publisher.subscribe('c')
    await subscription.ready
    await elsewhere.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
    cut = how
    expect(await rejection(publisher.publish('c', 2))).toMatchObject({ code: 'APPEND_UNKNOWN' })
    cut = 'never'
    await elsewhere.publish('c', 3)
    expect(await take(subscription, rest.length)).toEqual(rest)
    await elsewhere.publish('c', 4)
    expect(await take(subscription, 1)).toEqual([4])
  })

  test('whose server does not answer says so in time, closes, and goes on when it does', async () => {
    const options = { epoch: randomToken(8), shards: 1, timeout: 400 }
    const [log, closing] = [createLog(options), createLog(options)]
    const { last } = await append(log, '1')
    await append(closing, '2')
    server.freeze()
    try {
      const appended = rejection(append(log, '3'))
      expect(await rejection(log.heads(['c']))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
      expect(await appended).toMatchObject({ code: 'APPEND_UNKNOWN' })
      const late = await rejection(createLog(options).read('c', last, ALL))
      expect(late).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
      await closing.close()
    } finally {
      server.thaw()
    }
    await expect.poll(() => append(log, '4').catch(() => undefined), { timeout: 10_000 }).toBeDefined()
    const { records } = await log.read('c', last, ALL)
    const data = records.map((record) => record.data)
    expect([data.at(0), data.at(-1)]).toEqual(['2', '4'])
  })

  test('does not wait for ever for a connection, and closes one that comes too late', async () => {
    const made = gate()
    let late: ChannelModel | undefined
    const slow = async (): Promise<ChannelModel> => {
      await made.opened
      late = await connect()
      return late
    }
    const log = new RabbitLog(slow, { timeout: 100 })
    expect(await rejection(append(log, '1'))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    await log.close()
    made.open()
    const isClosed = (): boolean => (late?.connection as any)?.stream.destroyed === true
    await expect.poll(isClosed).toBe(true)
  })

  test('gives what follows a record that is larger than a page', async () => {
    const options = { epoch: randomToken(8), shards: 1 }
    const log = createLog(options)
    await append(log, '1')
    const { last } = await append(log, 'x'.repeat(50_000))
    for (const data of ['2', '3']) await append(log, data)
    const page = await createLog(options).read('c', last, { records: 100, bytes: 10_000 })
    expect(page.records.map(({ data }) => data)).toEqual(['2', '3'])
  })

  test('gives what somebody else wrote as an event that nobody can read, and goes on behind it', async () => {
    const options = { epoch: randomToken(8), shards: 1 }
    const log = createLog(options)
    const { last } = await append(log, '1')
    const connection = await connect()
    const channel = await connection.createConfirmChannel()
    const queue = `headwater.${options.epoch}.1.0`
    channel.sendToQueue(queue, Buffer.from('{}'), { correlationId: last.epoch.split('x').at(-1) ?? '' })
    channel.sendToQueue(queue, Buffer.from('{}'))
    await channel.waitForConfirms()
    await connection.close()
    await append(log, '2')
    for (const reader of [log, createLog(options)]) {
      const { records } = await reader.read('c', last, ALL)
      expect(records.map(({ data }) => data)).toEqual(['', '2'])
    }
  })

  test('reads the history of many channels at once on few channels of its connection', async () => {
    const options = { epoch: randomToken(8), shards: 1 }
    const log = createLog(options)
    const names = Array.from({ length: 100 }, (_, n) => `channel-${n}`)
    await Promise.all(names.map((name) => log.append(name, [{ data: name }], { retention: {} })))
    let open = 0
    let most = 0
    const counting = async (): Promise<ChannelModel> => {
      const connection = await connect()
      const create = connection.createChannel.bind(connection)
      connection.createChannel = async () => {
        most = Math.max(most, ++open)
        const channel = await create()
        return channel.on('close', () => open--)
      }
      return connection
    }
    const fresh = new RabbitLog(counting, { retentionSeconds: 3600, ...options })
    opened.push(fresh)
    const pages = await Promise.all(names.map((name) => fresh.read(name, 'start', ALL)))
    expect(pages.map(({ records }) => records.map(({ data }) => data))).toEqual(names.map((name) => [name]))
    expect(most).toBeLessThan(50)
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
