import { EventEmitter, on } from 'node:events'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { getRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'

const emitter = new EventEmitter().setMaxListeners(0)

const app = new Hono().get('/:channel', (context) =>
  streamSSE(context, async (stream) => {
    const left = new AbortController()
    stream.onAbort(() => left.abort())
    await stream.write(': \n\n')
    for await (const [event] of on(emitter, context.req.param('channel'), { signal: left.signal })) {
      await stream.writeSSE({ event: 'message', id: String(event.id), data: JSON.stringify(event) })
    }
  }),
)

serveFanOut({
  server: createAdaptorServer({ fetch: app.fetch }) as never,
  opening: (channel) => [[getRequest(`/${channel}`), '200 OK']],
  publish: (channel, event) => emitter.emit(channel, event),
})
