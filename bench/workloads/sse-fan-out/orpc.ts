import { createServer } from 'node:http'
import { RPCHandler } from '@orpc/server/node'
import { postRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'
import { publisher, router } from '../orpc-stream-router.ts'

const handler = new RPCHandler(router)
const [, , style = 'pass'] = process.argv

serveFanOut({
  server: createServer((request, response) => void handler.handle(request, response)),
  opening: (channel) => [[postRequest(`/${style}`, JSON.stringify({ json: channel })), '200 OK']],
  publish: (channel, event) => publisher.publish(channel, event),
})
