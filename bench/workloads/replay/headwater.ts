import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EventLog, Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { RedisLog } from 'headwater/publisher/redis'
import { SqliteLog } from 'headwater/publisher/sqlite'
import { os } from 'headwater/server'
import { RPCHandler } from 'headwater/server/node'
import { Redis } from 'ioredis'
import { type BenchEvent, benchEvent } from '../../tools/bench-event.ts'
import { postRequest } from '../../tools/client-bytes.ts'
import { serveStreams } from '../../tools/stream-server.ts'

const [, , kind = 'memory', url = ''] = process.argv
const publisher = new Publisher<Record<string, BenchEvent>>(openLog(), { retention: { events: 200_000 } })
const handler = new RPCHandler({ all: os.handler(({ signal }) => publisher.subscribe('c', { signal, from: 'start' })) })

serveStreams({
  server: createServer((request, response) => void handler.handle(request, response)),
  request: () => postRequest('/all', '{}'),
  async prepare(events) {
    for (let id = 0; id < events; ) {
      const batch: Promise<unknown>[] = []
      for (let end = Math.min(events, id + 256); id < end; id++) batch.push(publisher.publish('c', benchEvent(id)))
      await Promise.all(batch)
    }
  },
})

function openLog(): EventLog {
  if (kind === 'redis') return new RedisLog(new Redis(url))
  if (kind !== 'sqlite') return new MemoryLog()
  const folder = mkdtempSync(join(tmpdir(), 'headwater-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true }))
  return new SqliteLog({ path: join(folder, 'log.db') })
}
