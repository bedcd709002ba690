import { createServer } from 'node:http'
import { benchEvent } from '../../tools/bench-event.ts'
import { getRequest } from '../../tools/client-bytes.ts'
import { serveStreams } from '../../tools/stream-server.ts'

let blocks: string[] = []

/** All events out of an array, as fast as the socket takes them. */
const server = createServer(async (_, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  for (const block of blocks) {
    if (!response.write(block)) await new Promise((resolve) => response.once('drain', resolve))
  }
})

serveStreams({
  server,
  request: () => getRequest('/'),
  prepare(events) {
    const block = (_: unknown, id: number) => `event: message\nid: ${id}\ndata: ${JSON.stringify(benchEvent(id))}\n\n`
    blocks = Array.from({ length: events }, block)
  },
})
