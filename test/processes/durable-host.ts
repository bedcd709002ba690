// Serves the objects of test/durable/worker.ts over a log in the store of that URL and prints { port } once it listens:
//   durable-host.ts <url of Redis, Postgres or NATS> <port>
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { DurableHost, serveDurableObjects } from 'headwater/durable/node'
import type { EventLog } from 'headwater/publisher'
import { NatsLog } from 'headwater/publisher/nats'
import { PostgresLog } from 'headwater/publisher/postgres'
import { RedisLog } from 'headwater/publisher/redis'
import { Pool } from 'pg'
import { WebSocketServer } from 'ws'
import worker, { BriefRoom, ChatRoom, InteractiveChatRoom, Room } from '../durable/worker.ts'
import { SINGLE_CLIENTS } from '../tools/redis-clients.ts'

const [url = '', port = ''] = process.argv.slice(2)

async function openLog(): Promise<EventLog<any>> {
  if (url.startsWith('postgres:')) return new PostgresLog(new Pool({ connectionString: url }))
  if (url.startsWith('nats:')) {
    const connection = await connect({ servers: url })
    return new NatsLog(connection, { jetstream: jetstream(connection), retentionSeconds: 3600 })
  }
  const open = await SINGLE_CLIENTS['node-redis']?.({ url })
  if (open === undefined) throw new Error('There is no such client')
  return new RedisLog(open.client)
}

const objects = {
  CHAT_ROOM: ChatRoom,
  INTERACTIVE_CHAT_ROOM: InteractiveChatRoom,
  ROOM: Room,
  BRIEF_ROOM: BriefRoom,
}
const host = new DurableHost({ log: await openLog(), objects })
const server = createServer()
serveDurableObjects(server, worker, { host, webSockets: new WebSocketServer({ noServer: true }) })
server.listen(Number(port), '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }))
})
