import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { MemoryLog } from '../src/publisher/memory-log.ts'
import { Publisher } from '../src/publisher/publisher.ts'
import { os } from '../src/server/builder.ts'
import { RPCHandler } from '../src/transport/node/rpc-handler.ts'
import { RPCHandler as SocketHandler } from '../src/transport/websocket/rpc-handler.ts'

const root = join(import.meta.dirname, '..')
// Self-signed for 127.0.0.1 and localhost, good for tests alone.
const certificate = join(root, 'test/fixtures/localhost.cert.pem')

const publisher = new Publisher<any>(new MemoryLog(), { retention: { events: 1000 } })
const router = {
  send: os.handler(({ input }) => publisher.publish('a', input)),
  stream: os.handler(({ signal, lastEventId }) => publisher.subscribe('a', { signal, lastEventId })),
}

let server: Server
let port: number

beforeAll(async () => {
  const handler = new RPCHandler(router)
  const key = readFileSync(join(root, 'test/fixtures/localhost.key.pem'))
  server = createServer({ cert: readFileSync(certificate), key }, async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
    if (!matched) response.writeHead(404).end()
  })
  const sockets = new SocketHandler(router)
  new WebSocketServer({ server }).on('connection', (socket) => sockets.upgrade(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  port = (server.address() as AddressInfo).port
})

afterAll(async () => {
  await publisher.close()
  server.close()
  server.closeAllConnections()
})

/** The command as a process of its own: what Node trusts is decided when that begins. */
async function run(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(root, 'bin/headwater.mjs'), ...args], { env: { ...process.env, ...env } })
  child.stdin.end()
  const [output, notes, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, output, notes }
}

describe('headwater against a server whose certificate is not known', () => {
  const strikes = ['-d', '1s', '--every', '200ms', '--lasting', '100ms', '--rate', '50', '--seed', '7']

  test.each([
    ['HTTP, at an address', 'https://127.0.0.1'],
    ['HTTP, at a name', 'https://localhost'],
    ['WebSocket, at an address', 'wss://127.0.0.1'],
    ['WebSocket, at a name', 'wss://localhost'],
  ])('faults strike through TLS and nothing is missing, over %s', { timeout: 60_000 }, async (_, origin) => {
    const sending = ['--send', 'send', '--send-input', '{"n":{n}}']
    const args = ['faults', `${origin}:${port}/rpc`, 'stream', ...sending, ...strikes, '--json', '-q']
    const { code, output, notes } = await run(args, { NODE_EXTRA_CA_CERTS: certificate })
    expect(notes).toBe('')
    const report = JSON.parse(output)
    expect(report).toMatchObject({ lost: [], repeated: [], disordered: [] })
    expect(report.cuts).toBeGreaterThan(0)
    expect(report.expected).toBeGreaterThan(10)
    expect(code).toBe(0)
  })

  test.each(['https', 'wss'])('says how it can be trusted, over %s', { timeout: 60_000 }, async (protocol) => {
    const { code, notes } = await run(['call', `${protocol}://localhost:${port}/rpc`, 'send', '{}'])
    expect(notes).toMatch(/self-signed certificate[\s\S]*NODE_EXTRA_CA_CERTS=/)
    expect(code).toBe(3)
  })
})
