import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection as Connection, connect } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { findNatsServer, NatsServer } from '../../../test/tools/nats-server.ts'
import { rejection } from '../../../test/tools/probes.ts'
import { randomToken } from '../../core/random-token.ts'
import { NatsLog, type NatsLogOptions } from './nats-log.ts'

const ALL = { records: 1000, bytes: 1e9 }

let server: NatsServer
let connection: Connection
let stream: string

const createLog = (options: Partial<NatsLogOptions> = {}): NatsLog =>
  new NatsLog(connection, { jetstream: jetstream(connection), stream, timeout: 500, ...options })

const append = (log: NatsLog, data: string, idempotencyKey?: string) =>
  log.append('c', [{ data }], { retention: {}, idempotencyKey })

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

  test('gives all channels a new epoch when it is told to', async () => {
    const [log, other] = [createLog(), createLog()]
    const { last } = await append(log, '1')
    await append(other, '2')
    await log.rotateEpoch()
    expect(await rejection(other.read('c', last, ALL))).toMatchObject({ code: 'EVENT_GAP', data: { reason: 'epoch' } })
    await append(other, '3')
    expect((await log.read('c', 'start', ALL)).records.map(({ data }) => data)).toEqual(['3'])
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
