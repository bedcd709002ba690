// Serves the objects of test/durable/worker.ts on a MemoryLog, with whatever `node:http` and `ws` are here, and prints { port }.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DurableHost, serveDurableObjects } from 'headwater/durable/node'
import { MemoryLog } from 'headwater/publisher/memory'
import { WebSocketServer } from 'ws'
import worker, { BriefRoom, ChatRoom, InteractiveChatRoom, Room } from '../durable/worker.ts'

const objects = {
  CHAT_ROOM: ChatRoom,
  INTERACTIVE_CHAT_ROOM: InteractiveChatRoom,
  ROOM: Room,
  BRIEF_ROOM: BriefRoom,
}
const host = new DurableHost({ log: new MemoryLog(), objects })
const server = createServer()
serveDurableObjects(server, worker, { host, webSockets: new WebSocketServer({ noServer: true }) })
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }))
})
