import { createServer } from 'node:http'
import { createChannel, createSession } from 'better-sse'
import { getRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'

const channels = new Map<string, ReturnType<typeof createChannel>>()

const server = createServer(async (request, response) => {
  const name = request.url?.slice(1) ?? ''
  const channel = channels.get(name) ?? createChannel()
  channels.set(name, channel)
  channel.register(await createSession(request, response))
})

serveFanOut({
  server,
  opening: (channel) => [[getRequest(`/${channel}`), '200 OK']],
  publish: (channel, event) => channels.get(channel)?.broadcast(event, 'message', { eventId: String(event.id) }),
})
