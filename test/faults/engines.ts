import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Client } from 'pg'
import { createClient } from 'redis'
import { NatsServer } from '../tools/nats-server.ts'
import { PostgresServer } from '../tools/postgres-server.ts'
import { RedisServer } from '../tools/redis-server.ts'
import type { LogSetting } from './program/commands.ts'

/** Where a log's channels are, and what can be done to that. */
export interface Engine {
  /** The port to put a proxy in front of; none for what is in a process or a file. */
  readonly port?: number
  /** The place as a process that goes through a port is told it. */
  place(port: number, space: string): string
  /** kill -9. */
  kill?(): Promise<void>
  restart?(): Promise<void>
  /** SIGSTOP. */
  freeze?(): unknown
  thaw?(): void
  /** Deletes all that a run has written, behind its back. */
  flush?(space: string): Promise<void>
  stop(): Promise<void>
}

const start: Readonly<Record<LogSetting['name'], () => Promise<Engine>>> = {
  async memory() {
    return { place: () => '', stop: async () => {} }
  },

  async sqlite() {
    const folder = await mkdtemp(join(tmpdir(), 'headwater-faults-'))
    return {
      place: (_, space) => join(folder, `${space}.db`),
      stop: () => rm(folder, { recursive: true, force: true }),
    }
  },

  async redis() {
    const server = await RedisServer.start({ appendOnly: true })
    return {
      port: server.port,
      place: (port) => `redis://127.0.0.1:${port}`,
      kill: () => server.kill(),
      restart: () => server.restart(),
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
      async flush() {
        const client = await createClient({ url: server.url }).connect()
        await client.flushAll()
        client.destroy()
      },
      stop: () => server.stop(),
    }
  },

  async postgres() {
    const server = await PostgresServer.start()
    return {
      port: server.port,
      place: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
      kill: () => server.kill(),
      restart: () => server.restart(),
      async flush(space) {
        const client = new Client({ connectionString: server.url })
        await client.connect()
        const { rows } = await client.query(
          "SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') AS tables FROM pg_tables WHERE schemaname = $1 AND tablename <> 'log'",
          [space],
        )
        await client.query(`TRUNCATE ${rows[0].tables}`)
        await client.end()
      },
      stop: () => server.stop(),
    }
  },

  async nats() {
    const server = await NatsServer.start()
    return {
      port: Number(new URL(server.url).port),
      place: (port) => `nats://127.0.0.1:${port}`,
      kill: () => server.kill(),
      restart: () => server.restart(),
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
      async flush(space) {
        const connection = await connect({ servers: server.url })
        const manager = await jetstreamManager(connection)
        await manager.streams.delete(space)
        await connection.close()
      },
      stop: () => server.stop(),
    }
  },
}

/** The engines of all runs: each is for one run at a time, whose faults are for all who use it, and then for the next. */
export class Engines {
  readonly #started: Engine[] = []
  readonly #idle = new Map<LogSetting['name'], Engine[]>()

  async take(name: LogSetting['name']): Promise<Engine> {
    const idle = this.#idle.get(name)?.pop()
    if (idle !== undefined) return idle
    const engine = await start[name]()
    this.#started.push(engine)
    return engine
  }

  giveBack(name: LogSetting['name'], engine: Engine): void {
    this.#idle.set(name, [...(this.#idle.get(name) ?? []), engine])
  }

  async stop(): Promise<void> {
    await Promise.all(this.#started.map((engine) => engine.stop()))
  }
}
