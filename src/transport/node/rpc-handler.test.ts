import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { testRPCHandler } from '../../../test/suites/rpc-handler.ts'
import { gate } from '../../../test/tools/gate.ts'
import { listen, serveNode } from '../../../test/tools/serve.ts'
import { os } from '../../server/builder.ts'
import { RPCHandler } from './rpc-handler.ts'

testRPCHandler(serveNode)

test('handle() resolves when the client leaves though the handler waits for something else', async () => {
  const stuck = os.handler(async function* () {
    yield 1
    await new Promise(() => {})
  })
  const handled = gate<{ readonly matched: boolean }>()
  const handler = new RPCHandler({ stuck })
  const server = await listen((request, response) => {
    void handler.handle(request, response, { prefix: '/rpc' }).then(handled.open)
  })
  const controller = new AbortController()
  const response = await fetch(`${server.url}/stuck`, { method: 'POST', signal: controller.signal })
  await response.body?.getReader().read()
  controller.abort()
  expect(await handled.opened).toEqual({ matched: true })
  await server.close()
})

test('a client that reads slowly is not written for beyond what its connection holds', async () => {
  let pulled = 0
  const flood = os.handler(async function* () {
    for (; pulled < 5_000; pulled++) yield 'x'.repeat(64 * 1024)
  })
  const server = await serveNode({ flood })
  const socket = connect(server.port, '127.0.0.1')
  socket.pause()
  socket.write('POST /rpc/flood HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
  let before = -1
  while (before !== pulled || pulled === 0) {
    before = pulled
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(pulled).toBeLessThan(500)
  socket.destroy()
  await server.close()
})

test.each([
  ['an object', (text: string) => JSON.parse(text)],
  ['text', (text: string) => text],
  ['bytes', (text: string) => Buffer.from(text)],
])('a body that a parser in front has read and left as %s is taken from there', async (_, parse) => {
  const handler = new RPCHandler({ echo: os.handler(({ input }) => input) }, { maxBodySize: 100 })
  const server = await listen(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    await handler.handle(Object.assign(request, { body: parse(text) }), response, { prefix: '/rpc' })
  })
  const post = (body: string) =>
    fetch(`${server.url}/echo`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  expect(await (await post('{"json":{"a":1}}')).json()).toEqual({ json: { a: 1 } })
  expect((await post(JSON.stringify({ json: 'x'.repeat(200) }))).status).toBe(413)
  await server.close()
})

test('the answer to a body that is too large arrives while the client still sends', async () => {
  const server = await serveNode({ echo: os.handler(({ input }) => input) }, { maxBodySize: 100 })
  const socket = connect(server.port, '127.0.0.1')
  const piece = 'x'.repeat(100_000)
  const head = `content-type: application/json\r\ncontent-length: ${10 * piece.length}\r\n\r\n`
  socket.write(`POST /rpc/echo HTTP/1.1\r\nhost: x\r\n${head}${piece}`)
  let answer = ''
  socket.setEncoding('utf8').on('data', (text) => {
    answer += text
  })
  await new Promise((resolve) => socket.once('data', resolve))
  // A connection that is closed under what is still being sent is reset: this write would fail.
  for (let count = 1; count < 10; count++) {
    await new Promise<void>((resolve, reject) => socket.write(piece, (error) => (error ? reject(error) : resolve())))
  }
  await new Promise((resolve) => socket.once('end', resolve))
  expect(answer).toMatch(/^HTTP\/1.1 413 .*PAYLOAD_TOO_LARGE/s)
  await server.close()
})
