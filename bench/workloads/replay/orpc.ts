import { createServer } from 'node:http'
import { MemoryPublisher } from '@orpc/experimental-publisher/memory'
import { os } from '@orpc/server'
import { RPCHandler } from '@orpc/server/node'
import { type BenchEvent, benchEvent } from '../../tools/bench-event.ts'
import { postRequest } from '../../tools/client-bytes.ts'
import { serveStreams } from '../../tools/stream-server.ts'

const publisher = new MemoryPublisher<Record<string, BenchEvent>>({
  resumeRetentionSeconds: 600,
  maxBufferedEvents: 200_000,
})
const handler = new RPCHandler({
  all: os.handler(({ signal }) => publisher.subscribe('c', { signal, lastEventId: '0' })),
})

serveStreams({
  server: createServer((request, response) => void handler.handle(request, response)),
  request: () => postRequest('/all', '{}'),
  async prepare(events) {
    for (let id = 0; id < events; id++) await publisher.publish('c', benchEvent(id))
  },
})
