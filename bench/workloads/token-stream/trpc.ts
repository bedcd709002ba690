import { initTRPC } from '@trpc/server'
import { createHTTPServer } from '@trpc/server/adapters/standalone'
import { z } from 'zod'
import { getRequest } from '../../tools/client-bytes.ts'
import { serveStreams, tokens } from '../../tools/stream-server.ts'

const t = initTRPC.create()
const router = t.router({
  answer: t.procedure.input(z.number()).subscription(async function* ({ input }) {
    yield* tokens(input)
  }),
})

serveStreams({ server: createHTTPServer({ router }), request: (events) => getRequest(`/answer?input=${events}`) })
