// Serves the objects of test/durable/worker.ts over a RedisLog and prints { port } once it listens:
//   durable-host.ts <url of Redis> <port>
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DurableHost, serveDurableObjects } from 'headwater/durable/node'
import { RedisLog } from 'headwater/publisher/redis'
import { WebSocketServer } from 'ws'
import worker, { BriefRoom, ChatRoom, InteractiveChatRoom, Room } from '../durable/worker.ts'
import { SINGLE_CLIENTS } from '../tools/redis-clients.ts'

const [url = '', port = ''] = process.argv.slice(2)
const open = await SINGLE_CLIENTS['node-redis']?.({ url })
if (open === undefined) throw new Error('There is no such client')
const objects = {
  CHAT_ROOM: ChatRoom,
  INTERACTIVE_CHAT_ROOM: InteractiveChatRoom,
  ROOM: Room,
  BRIEF_ROOM: BriefRoom,
}
const host = new DurableHost({ log: new RedisLog(open.client), objects })
const server = createServer()
serveDurableObjects(server, worker, { host, webSockets: new WebSocketServer({ noServer: true }) })
server.listen(Number(port), '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }))
})
