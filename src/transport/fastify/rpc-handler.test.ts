import { connect } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { testRPCHandler } from '../../../test/suites/rpc-handler.ts'
import { gate } from '../../../test/tools/gate.ts'
import type { Serve, ServeOptions, TestServer } from '../../../test/tools/serve.ts'
import { os } from '../../server/builder.ts'
import type { Router } from '../../server/router.ts'
import { RPCHandler } from './rpc-handler.ts'

async function serveIn(
  app: FastifyInstance,
  router: Router,
  { context = {}, port = 0, ...options }: ServeOptions = {},
): Promise<TestServer> {
  const handler = new RPCHandler(router, options)
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  app.all('/rpc/*', async (request, reply) => {
    const { matched } = await handler.handle(request, reply, { prefix: '/rpc', context })
    if (!matched) reply.callNotFound()
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('no match'))
  const origin = await app.listen({ port, host: '127.0.0.1' })
  return { server: app.server, port: Number(new URL(origin).port), url: `${origin}/rpc`, close: () => app.close() }
}

/** Bodies are left to the handler: that is what the suite is about. */
const serve: Serve = (router, options) => {
  const app = Fastify({
    forceCloseConnections: true,
    // A URL that cannot be decoded is refused before any route is looked for.
    frameworkErrors: (_error, _request, reply) => reply.raw.writeHead(404).end('no match'),
  })
  app.removeAllContentTypeParsers()
  return serveIn(app, router, options)
}

testRPCHandler(serve)

test("what Fastify's hooks set is on answers, errors and streams, and they see them pass", async () => {
  const app = Fastify({ forceCloseConnections: true })
  const sent: unknown[] = []
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('set-cookie', 'a=1').header('x-powered-by', 'hooks')
  })
  app.addHook('onSend', async (_request, reply, payload) => {
    sent.push(reply.statusCode)
    reply.header('set-cookie', 'b=2')
    return payload
  })
  const router = {
    ping: os.handler(() => 'pong'),
    count: os.handler(async function* () {
      yield 1
    }),
    file: os.handler(() => new File(['hello'], 'a.txt')),
    fail: os.errors({ NOT_FOUND: {} }).handler(({ errors }) => Promise.reject(errors.NOT_FOUND())),
  }
  const server = await serveIn(app, router)
  for (const procedure of Object.keys(router)) {
    const { headers } = await fetch(`${server.url}/${procedure}`, { method: 'POST' })
    expect([headers.getSetCookie(), headers.get('x-powered-by')]).toEqual([['a=1', 'b=2'], 'hooks'])
  }
  expect(sent).toEqual([200, 200, 200, 404])
  await server.close()
})

test("a body that Fastify's own parser has read is taken from there", async () => {
  const server = await serveIn(Fastify({ forceCloseConnections: true }), { echo: os.handler(({ input }) => input) })
  const headers = { 'content-type': 'application/json' }
  const body = '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":[[1,"at"]]}'
  expect(await (await fetch(`${server.url}/echo`, { method: 'POST', headers, body })).text()).toBe(body)
  await server.close()
})

test('a client that reads slowly is not written for beyond what its connection holds', async () => {
  let pulled = 0
  const left = gate()
  const flood = os.handler(async function* () {
    try {
      for (; pulled < 5_000; pulled++) yield 'x'.repeat(64 * 1024)
    } finally {
      left.open()
    }
  })
  const server = await serveIn(Fastify({ forceCloseConnections: true }), { flood })
  const controller = new AbortController()
  await fetch(`${server.url}/flood`, { method: 'POST', signal: controller.signal })
  let before = -1
  while (before !== pulled) {
    before = pulled
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(pulled).toBeLessThan(500)
  controller.abort()
  await left.opened
  await server.close()
})

test('the answer to a body that is too large comes once the client has sent it', async () => {
  const server = await serveIn(
    Fastify({ forceCloseConnections: true }),
    { echo: os.handler(({ input }) => input) },
    { maxBodySize: 100 },
  )
  const socket = connect(server.port, '127.0.0.1')
  const piece = 'x'.repeat(100_000)
  socket.write(`POST /rpc/echo HTTP/1.1\r\nhost: x\r\ncontent-length: ${10 * piece.length}\r\n\r\n${piece}`)
  // A connection that is closed under what is still being sent is reset: this write would fail.
  for (let count = 1; count < 10; count++) {
    await new Promise<void>((resolve, reject) => socket.write(piece, (error) => (error ? reject(error) : resolve())))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  let answer = ''
  for await (const text of socket.setEncoding('utf8')) answer += text
  expect(answer).toMatch(/^HTTP\/1.1 413 .*PAYLOAD_TOO_LARGE/s)
  await server.close()
})
