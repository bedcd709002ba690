import { createServer, type ServerResponse } from 'node:http'
import { getRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'

const channels = new Map<string, Set<ServerResponse>>()

const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.write(': \n\n')
  const channel = request.url?.slice(1) ?? ''
  const subscribers = channels.get(channel) ?? new Set()
  channels.set(channel, subscribers.add(response))
  response.on('close', () => subscribers.delete(response))
})

serveFanOut({
  server,
  opening: (channel) => [[getRequest(`/${channel}`), '200 OK']],
  publish(channel, event) {
    const block = `event: message\nid: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`
    for (const subscriber of channels.get(channel) ?? []) subscriber.write(block)
  },
})
