import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection as Connection, connect } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
import { findNatsServer, NatsServer } from '../../../test/tools/nats-server.ts'
import { rejection } from '../../../test/tools/probes.ts'
import { randomToken } from '../../core/random-token.ts'
import type { NatsConnection } from './nats-connection.ts'
import { NatsLog, type NatsLogOptions } from './nats-log.ts'

const ALL = { records: 1000, bytes: 1e9 }

let server: NatsServer
let connection: Connection
let stream: string

const createLog = (options: Partial<NatsLogOptions> = {}): NatsLog =>
  new NatsLog(connection, { jetstream: jetstream(connection), stream, timeout: 500, ...options })

const append = (log: NatsLog, data: string, idempotencyKey?: string) =>
  log.append('c', [{ data }], { retention: {}, idempotencyKey })

/** The connection, for some of its methods to be others. */
const wrapped = (): NatsConnection => ({
  request: (...request) => connection.request(...request),
  requestMany: (...request) => connection.requestMany(...request),
  publish: (...message) => connection.publish(...message),
  subscribe: (...subscription) => connection.subscribe(...subscription),
  flush: () => connection.flush(),
  status: () => connection.status(),
})

/** The client's own list of them: it tells nobody else. */
const subscriptionsOf = (of: Connection): Map<number, unknown> => (of as any).protocol.subscriptions.subs

describe.skipIf(findNatsServer() === undefined)('a NATS log', { timeout: 20_000 }, () => {
  beforeAll(async () => {
    server = await NatsServer.start({ maxFileStore: '8MB' })
  })

  beforeEach(async () => {
    connection = await connect({ servers: server.url })
    stream = `test-${randomToken(8)}`
  })

  afterEach(async () => {
    const manager = await jetstreamManager(connection)
    await manager.streams.delete(stream).catch(() => {})
    await connection.close()
  })

  afterAll(() => server.stop())

  test('refuses a stream that is not as its options say, and names what differs', async () => {
    await createLog({ retentionSeconds: 60 }).open()
    await createLog({ retentionSeconds: 60 }).open()
    const error = await rejection(createLog({ retentionSeconds: 90 }).open())
    expect(error.message).toMatch(/max_age 60000000000, the log's options say 90000000000/)
    expect(error.message).toContain(`nats stream edit ${stream}`)
  })

  test('refuses a stream that does not tell of itself, which servers may be unable to change, and says so', async () => {
    const manager = await jetstreamManager(connection)
    await createLog().open()
    const { republish, ...others } = (await manager.streams.info(stream)).config
    await manager.streams.delete(stream)
    await manager.streams.add(others)
    const message = /republish undefined, .* If the server cannot change that, delete the stream with its events, or/
    expect((await rejection(createLog().open())).message).toMatch(message)
    const updated = await manager.streams
      .update(stream, { republish: republish as never })
      .catch(({ message }) => message)
    if (connection.info?.version === '2.9.10') expect(updated).toMatch(/can not change RePublish/)
  })

  test("refuses a stream that is somebody else's", async () => {
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: stream, subjects: [`${stream}.orders`] })
    expect((await rejection(createLog().open())).message).toMatch(/not one of a log/)
  })

  test('refuses a publisher whose events it would not keep as long as it wants', async () => {
    const log = createLog({ retentionSeconds: 60 })
    const appended = log.append('c', [{ data: '1' }], { retention: { seconds: 61 } })
    expect((await rejection(appended)).message).toMatch(/keeps events for 60 s .* wants 61 s/)
  })

  test('goes on in another stream when its own was deleted, though it only appends', async () => {
    const log = createLog()
    const before = await append(log, '1')
    await (await jetstreamManager(connection)).streams.delete(stream)
    const after = await append(log, '2')
    expect(after.last).toMatchObject({ offset: 1 })
    expect(after.last.epoch).not.toBe(before.last.epoch)
    const elsewhere = await append(createLog(), '3')
    expect(elsewhere.last).toMatchObject({ epoch: after.last.epoch, offset: 2 })
  })

  test('does not call a duplicate what went with its stream before it could be looked at', async () => {
    const before = await append(createLog(), '1', 'key')
    const real = jetstream(connection)
    const manager = await jetstreamManager(connection)
    const publish: typeof real.publish = async (...args) => {
      const ack = await real.publish(...args)
      if (ack.duplicate) await manager.streams.delete(stream)
      return ack
    }
    const log = createLog({ jetstream: Object.assign(Object.create(real), { publish }) })
    expect(await rejection(append(log, '1', 'key'))).toMatchObject({ code: 'APPEND_UNKNOWN' })
    const after = await append(createLog(), '1', 'key')
    expect(after).toMatchObject({ duplicate: false, last: { offset: 1 } })
    expect(after.last.epoch).not.toBe(before.last.epoch)
  })

  test('refuses several records, which it could not append whole or not at all', async () => {
    const appended = createLog().append('c', [{ data: '1' }, { data: '2' }], { retention: {} })
    expect(await rejection(appended)).toBeInstanceOf(RangeError)
  })

  test('whose server is full refuses events and keeps those that it has', async () => {
    const log = createLog()
    const appended: string[] = []
    const error = await rejection(
      (async () => {
        for (let n = 1; n < 100; n++) {
          await append(log, `${n}`.padEnd(300_000))
          appended.push(`${n}`)
        }
      })(),
    )
    expect(error).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      message: expect.stringContaining('insufficient resources'),
    })
    const { records } = await log.read('c', 'start', ALL)
    expect(records.map(({ data }) => data.trim())).toEqual(appended)
  })

  test('says which event is larger than the server takes', async () => {
    const log = createLog()
    const error = await rejection(append(log, 'x'.repeat(9 * 1024 * 1024)))
    expect(error).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  })

  test('whose server does not answer does not know what became of an event, and asks again with its key', async () => {
    const log = createLog()
    await append(log, '1')
    await server.freeze()
    const error = await rejection(append(log, '2', 'key')).finally(() => server.thaw())
    expect(error).toMatchObject({ code: 'APPEND_UNKNOWN', status: 503 })
    await append(log, '2', 'key')
    const { records } = await log.read('c', 'start', ALL)
    expect(records.map(({ data }) => data)).toEqual(['1', '2'])
  })

  test('gives a page whole that is longer than what is asked for one by one, up to its bytes', async () => {
    const log = createLog()
    const data = Array.from({ length: 60 }, (_, n) => `${n}`.padEnd(1000))
    for (const one of data) {
      await append(log, one)
      await log.append('other', [{ data: 'between' }], { retention: {} })
    }
    const whole = await log.read('c', 'start', ALL)
    expect(whole.records.map((record) => record.data)).toEqual(data)
    const page = await log.read('c', 'start', { records: 1000, bytes: 30_500 })
    expect(page.records).toHaveLength(30)
    expect(page.through).toMatchObject({ offset: page.records.at(-1)?.offset })
  })

  test('refuses a stream that would lose records of which nobody would know', async () => {
    await createLog().open()
    const manager = await jetstreamManager(connection)
    await manager.streams.update(stream, { max_msgs_per_subject: 1 })
    expect((await rejection(createLog().open())).message).toMatch(/max_msgs_per_subject 1, the log's options say -1/)
  })

  test('takes a record as large as the server takes messages, and gives it back', async () => {
    const small = await NatsServer.start({ maxPayload: '64KB' })
    const own = await connect({ servers: small.url })
    try {
      const log = new NatsLog(own, { jetstream: jetstream(own), timeout: 1000 })
      const data = 'x'.repeat(64 * 1024 - 300)
      for (let n = 0; n < 12; n++) await append(log, data)
      const { records } = await log.read('c', 'start', ALL)
      expect(records.map((record) => record.data.length)).toEqual(Array(12).fill(data.length))
      expect(await rejection(append(log, `${data}${data}`))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    } finally {
      await own.close()
      await small.stop()
    }
  })

  test('reads with the inboxes that its connection may use', async () => {
    const own = await connect({ servers: server.url, inboxPrefix: '_MINE' })
    const inboxes: string[] = []
    connection.subscribe('_INBOX.>', { callback: (_, { subject }) => void inboxes.push(subject) })
    await connection.flush()
    const log = new NatsLog(own, { jetstream: jetstream(own), stream, timeout: 500 })
    for (let n = 0; n < 20; n++) await append(log, `${n}`)
    expect((await log.read('c', 'start', ALL)).records).toHaveLength(20)
    await connection.flush()
    expect(inboxes).toEqual([])
    await own.close()
  })

  test('gives an event that a later version wrote as one that nobody can read, and goes on behind it', async () => {
    const log = createLog()
    const { first } = await append(log, '1')
    const [subject = ''] = (await (await jetstreamManager(connection)).streams.info(stream)).config.subjects
    const name = first.epoch.slice(12)
    await jetstream(connection).publish(subject.replace('>', name), '2abcdefof another form')
    await append(log, '3')
    const { records, through } = await log.read('c', first, ALL)
    expect(records.map(({ data }) => data)).toEqual(['', '3'])
    const [unreadable] = records
    const behind = { ...first, offset: unreadable?.offset as number, tag: unreadable?.tag as string }
    expect((await log.read('c', behind, ALL)).through).toEqual(through)
  })

  test('asks the server once for what many channels want to know in the same moment', async () => {
    const log = createLog()
    const { last } = await append(log, '1')
    const asked: string[] = []
    connection.subscribe('$JS.API.STREAM.>', { callback: (_, { subject }) => void asked.push(subject) })
    await connection.flush()
    const { epoch } = last
    const names = Array.from({ length: 500 }, (_, n) => `channel-${n}`)
    const places = (await log.heads(names)).map(({ position }) => position)
    expect(places[0]?.epoch).not.toBe(epoch)
    const pages = await Promise.all(names.map((name, n) => log.read(name, places[n] ?? 'start', ALL)))
    for (const [n, { through }] of pages.entries()) expect(through).toEqual(places[n])
    await connection.flush()
    expect(asked.length).toBeLessThan(600)
  })

  test('has no subscriptions left of channels that nobody watches, nor of its own', async () => {
    const own = await connect({ servers: server.url })
    const log = new NatsLog(own, { jetstream: jetstream(own), stream, timeout: 500 })
    await append(log, '1')
    const { size } = subscriptionsOf(own)
    const watch = await log.watch(() => {})
    const names = Array.from({ length: 50 }, (_, n) => `${n}.>.*`)
    const added = names.map((name) => watch.add(name))
    watch.delete('0.>.*')
    await Promise.all([...added, watch.add('0.>.*')])
    expect(subscriptionsOf(own).size).toBe(size + 50)
    for (const name of names.slice(10)) watch.delete(name)
    expect(subscriptionsOf(own).size).toBe(size + 10)
    await log.close()
    expect(subscriptionsOf(own).size).toBe(size)
    await own.close()
  })

  test('gives all channels a new epoch when it is told to, and forgets the keys with the events', async () => {
    const [log, other] = [createLog(), createLog()]
    const { last } = await append(log, '1')
    await append(other, '2', 'key')
    await log.rotateEpoch()
    expect(await rejection(other.read('c', last, ALL))).toMatchObject({ code: 'EVENT_GAP', data: { reason: 'epoch' } })
    expect(await append(other, '3', 'key')).toMatchObject({ duplicate: false })
    expect(await append(log, '3', 'key')).toMatchObject({ duplicate: true })
    expect((await log.read('c', 'start', ALL)).records.map(({ data }) => data)).toEqual(['3'])
  })

  test('gives nothing from before a hole that is trimmed into a page while it is read', async () => {
    const manager = await jetstreamManager(connection)
    let reads = 0
    const log = new NatsLog(
      {
        ...wrapped(),
        request: async (subject, ...rest) => {
          // What was the third record goes when two have been read.
          if (subject.includes('MSG.GET') && ++reads === 3) await manager.streams.purge(stream, { seq: 4 })
          return connection.request(subject, ...rest)
        },
      },
      { jetstream: jetstream(connection), stream },
    )
    for (const data of ['1', '2', '3', '4', '5']) await append(log, data)
    reads = 0
    const { records, trimmed } = await log.read('c', 'start', ALL)
    expect([records.map(({ data }) => data), trimmed]).toEqual([['4', '5'], 3])
    expect(reads).toBeGreaterThan(3)
  })

  test('wakes who watches after a reconnect once the server has the subscriptions again, not before', async () => {
    const flushed = gate()
    let [flushes, wakes] = [0, 0]
    const log = new NatsLog(
      {
        ...wrapped(),
        flush: async () => {
          if (++flushes > 1) await flushed.opened
          await connection.flush()
        },
      },
      { jetstream: jetstream(connection), stream },
    )
    const watch = await log.watch(() => wakes++)
    await watch.add('c')
    await connection.reconnect()
    await vi.waitFor(() => expect(flushes).toBeGreaterThan(1), 10_000)
    expect(wakes).toBe(0)
    flushed.open()
    await vi.waitFor(() => expect(wakes).toBeGreaterThan(0))
    await watch.close()
    await log.close()
  })

  test('wakes who watches a quiet channel now and then, so that its place is not trimmed away', async () => {
    const log = createLog({ retentionSeconds: 0.3 })
    const { position } = (await log.heads(['quiet']))[0] as { position: { offset: number } }
    let place = position.offset
    const watch = await log.watch(() => {
      void log.read('quiet', 'start', ALL).then(({ through }) => {
        place = through.offset
      })
    })
    await watch.add('quiet')
    await append(log, '1')
    await expect.poll(() => place).toBe(1)
    await log.close()
  })
})
