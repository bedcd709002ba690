import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { getRequest } from '../../tools/client-bytes.ts'
import { serveFanOut } from '../../tools/fan-out-server.ts'
import { emitter, router } from '../trpc-stream-router.ts'

const [, , style = 'pass'] = process.argv

serveFanOut({
  server: createHTTPServer({ router }),
  opening: (channel) => [[getRequest(`/${style}?input=${encodeURIComponent(JSON.stringify(channel))}`), '200 OK']],
  publish: (channel, event) => emitter.emit(channel, event),
})
