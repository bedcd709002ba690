import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { type NatsConnection as Connection, connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { findNatsServer, NatsServer } from '../../../test/tools/nats-server.ts'
import { logChecks } from '../../testing/log-checks.ts'
import type { LogHarness, LogSettings } from '../../testing/log-harness.ts'
import type { NatsConnection } from './nats-connection.ts'
import { NatsLog } from './nats-log.ts'

let server: NatsServer
/** One per log, as if each were in a process of its own. */
let connections: Connection[]

let losesWakes = false

/** The connection, on which wake-ups can be lost. */
const withLosses = (connection: Connection): NatsConnection => ({
  request: (...request) => connection.request(...request),
  requestMany: (...request) => connection.requestMany(...request),
  publish: (...message) => connection.publish(...message),
  subscribe: (subject, { callback }) =>
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (!losesWakes || !subject.includes('.wake.')) callback(error, message)
      },
    }),
  flush: () => connection.flush(),
  status: () => connection.status(),
})

/** Logs with one retention share one stream. */
const streamOf = ({ retention = {} }: LogSettings = {}): string =>
  `headwater-${retention.seconds === undefined ? 'default' : retention.seconds * 1000}`

async function reconnect(connection: Connection): Promise<void> {
  const status = connection.status()
  await connection.reconnect()
  for await (const { type } of status) if (type === 'reconnect') return
}

async function createLog(settings?: LogSettings): Promise<NatsLog> {
  const connection = await connect({ servers: server.url, reconnectTimeWait: 20 })
  connections.push(connection)
  const { seconds } = settings?.retention ?? {}
  return new NatsLog(withLosses(connection), {
    jetstream: jetstream(connection),
    stream: streamOf(settings),
    retentionSeconds: seconds ?? 3600,
  })
}

const harness: LogHarness = {
  capabilities: {
    offsets: 'ordered',
    survives: 'process-kill',
    copies: 'one',
    idempotencySeconds: 120,
    retention: { count: false, perChannel: false },
    transaction: false,
    atomicBatch: false,
    rotation: { channel: false, log: true },
  },
  createLog,
  loseHistory: async () => {
    const [connection] = connections.slice(-1)
    const manager = await jetstreamManager(connection as Connection)
    await manager.streams.delete(streamOf())
  },
  loseWakes: async () => {
    losesWakes = true
    return async () => {
      losesWakes = false
      await Promise.all(connections.slice(-2).map(reconnect))
    }
  },
}

describe.skipIf(findNatsServer() === undefined)('a NATS log', () => {
  beforeAll(async () => {
    connections = []
    server = await NatsServer.start()
  })

  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()))
    await server.stop()
  })

  for (const { name, skip, run } of logChecks(harness)) test.skipIf(skip)(name, run, 20_000)
})
