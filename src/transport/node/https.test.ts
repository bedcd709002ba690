import { readFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Gate, gate } from '../../../test/tools/gate.ts'
import { createClient } from '../../client/create-client.ts'
import { os } from '../../server/builder.ts'
import type { RouterClient } from '../../server/router.ts'
import { RPCLink } from '../fetch/rpc-link.ts'
import { RPCHandler } from './rpc-handler.ts'

// Self-signed for 127.0.0.1, good for tests alone.
const cert = readFileSync('test/fixtures/localhost.cert.pem')
const key = readFileSync('test/fixtures/localhost.key.pem')

const router = {
  echo: os.handler(({ input }) => input),
  wait: os.handler(async function* ({ signal }) {
    try {
      yield 1
      yield 2
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    } finally {
      left.open()
    }
  }),
}

let left: Gate
let server: Server
let client: RouterClient<typeof router>

beforeEach(async () => {
  left = gate()
  const handler = new RPCHandler(router)
  server = createServer({ cert, key }, async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
    if (!matched) response.writeHead(404).end('no match')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  client = createClient(new RPCLink({ url: `https://127.0.0.1:${port}/rpc`, fetch: trustingFetch }))
})

afterEach(() => {
  server.close()
  server.closeAllConnections()
})

/** A `fetch` that trusts the certificate: Node's own can only be told so from outside of the process. */
function trustingFetch(url: string, { method, headers, body, signal }: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const entries = Object.fromEntries(new Headers(headers))
    const outgoing = request(url, { ca: cert, method, headers: entries, signal: signal ?? undefined } as object)
    outgoing.on('error', reject).on('response', (incoming) => {
      const { statusCode: status = 500, headers } = incoming
      const init = { status, headers: headers as Record<string, string> }
      resolve(new Response(Readable.toWeb(incoming) as ReadableStream, init))
    })
    outgoing.end(body)
  })
}

test('a call over HTTPS is answered', async () => {
  const input = { at: new Date(0), size: 12n }
  expect(await client.echo(input)).toEqual(input)
})

test('a stream over HTTPS is sent as it comes, and its handler hears of a client that leaves', async () => {
  const stream = await client.wait()
  expect([(await stream.next()).value, (await stream.next()).value]).toEqual([1, 2])
  await stream.return()
  await left.opened
})
