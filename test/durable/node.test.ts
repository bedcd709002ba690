import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DurableHost, serveDurableObjects } from 'headwater/durable/node'
import { MemoryLog } from 'headwater/publisher/memory'
import { afterAll, beforeAll, describe } from 'vitest'
import { WebSocketServer } from 'ws'
import { durableSuite } from './suite.ts'
import worker, { BriefRoom, ChatRoom, InteractiveChatRoom, Room } from './worker.ts'

const objects = {
  CHAT_ROOM: ChatRoom,
  INTERACTIVE_CHAT_ROOM: InteractiveChatRoom,
  ROOM: Room,
  BRIEF_ROOM: BriefRoom,
}

const log = new MemoryLog()
const host = new DurableHost({ log, objects })
let server: Server

beforeAll(async () => {
  server = createServer()
  serveDurableObjects(server, worker, { host, webSockets: new WebSocketServer({ noServer: true }) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})

afterAll(async () => {
  server.close()
  await host.close()
  server.closeAllConnections()
  await log.close()
})

describe('durable event iterators on Node', () => {
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const disturb = async (room: string): Promise<void> => host.env.ROOM.getByName(room).cut()
  durableSuite(() => ({ urls: [url()], disturb }), { forgetsAtOnce: false, spread: false })
})
