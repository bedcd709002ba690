import { createServer } from 'node:http'
import { os } from '@orpc/server'
import { RPCHandler } from '@orpc/server/node'
import { z } from 'zod'
import { postRequest } from '../../tools/client-bytes.ts'
import { serveStreams, tokens } from '../../tools/stream-server.ts'

const handler = new RPCHandler({ answer: os.input(z.number()).handler(({ input }) => tokens(input)) })

serveStreams({
  server: createServer((request, response) => void handler.handle(request, response)),
  request: (events) => postRequest('/answer', JSON.stringify({ json: events })),
})
