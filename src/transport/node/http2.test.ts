import { type ClientHttp2Session, type ClientHttp2Stream, connect, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Gate, gate } from '../../../test/tools/gate.ts'
import { os } from '../../server/builder.ts'
import { RPCHandler } from './rpc-handler.ts'

let server: Http2Server
let session: ClientHttp2Session
let left: Gate

const router = {
  echo: os.handler(({ input }) => input),
  count: os.handler(async function* () {
    yield 1
    yield 2
  }),
  wait: os.handler(async function* ({ signal }) {
    yield 1
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    left.open()
  }),
}

beforeEach(async () => {
  left = gate()
  const handler = new RPCHandler(router)
  server = createServer(async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
    if (!matched) response.writeHead(404).end('no match')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})

afterEach(() => {
  session.destroy()
  server.close()
})

function post(path: string, body = '{}'): ClientHttp2Stream {
  const stream = session.request({ ':method': 'POST', ':path': `/rpc/${path}`, 'content-type': 'application/json' })
  stream.setEncoding('utf8').end(body)
  return stream
}

async function textOf(stream: ClientHttp2Stream): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

test('a call over HTTP/2 is answered, several at once over one connection', async () => {
  const bodies = ['{"json":1}', '{"json":"two"}', '{}']
  expect(await Promise.all(bodies.map((body) => textOf(post('echo', body))))).toEqual(bodies)
})

test('a stream over HTTP/2 is written as over HTTP/1', async () => {
  expect(await textOf(post('count'))).toBe(
    ': \n\nevent: message\ndata: {"json":1}\n\nevent: message\ndata: {"json":2}\n\nevent: done\ndata: {}\n\n',
  )
})

test('a client that leaves one stream of its connection reaches that handler', async () => {
  const stream = post('wait')
  await new Promise((resolve) => stream.once('data', resolve))
  stream.close()
  await left.opened
  expect(await textOf(post('echo', '{"json":"still here"}'))).toBe('{"json":"still here"}')
})

test('a path of no procedure is left to the rest of the server', async () => {
  expect(await textOf(post('nope'))).toBe('no match')
})
