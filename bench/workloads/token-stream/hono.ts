import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { getRequest } from '../../tools/client-bytes.ts'
import { serveStreams, tokens } from '../../tools/stream-server.ts'

const app = new Hono().get('/:events', (context) =>
  streamSSE(context, async (stream) => {
    for await (const token of tokens(Number(context.req.param('events')))) {
      await stream.writeSSE({ event: 'message', data: JSON.stringify(token) })
    }
  }),
)

serveStreams({
  server: createAdaptorServer({ fetch: app.fetch }) as never,
  request: (events) => getRequest(`/${events}`),
})
