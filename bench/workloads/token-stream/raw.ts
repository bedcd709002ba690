import { createServer } from 'node:http'
import { getRequest } from '../../tools/client-bytes.ts'
import { serveStreams, tokens } from '../../tools/stream-server.ts'

const server = createServer(async (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  for await (const token of tokens(Number(request.url?.slice(1)))) {
    response.write(`event: message\ndata: ${JSON.stringify(token)}\n\n`)
  }
  response.end()
})

serveStreams({ server, request: (events) => getRequest(`/${events}`) })
