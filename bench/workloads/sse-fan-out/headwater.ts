import { createServer } from 'node:http'
import { Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { RPCHandler } from 'headwater/server/node'
import type { BenchEvent } from '../../tools/bench-event.ts'
import { postRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'
import { streamRouter } from '../stream-router.ts'

const publisher = new Publisher<Record<string, BenchEvent>>(new MemoryLog(), { retention: { events: 1000 } })
const handler = new RPCHandler(streamRouter(publisher))
const [, , style = 'pass'] = process.argv

serveFanOut({
  server: createServer((request, response) => void handler.handle(request, response)),
  opening: (channel) => [[postRequest(`/${style}`, JSON.stringify({ json: channel })), '200 OK']],
  publish: (channel, event) => publisher.publish(channel, event),
})
