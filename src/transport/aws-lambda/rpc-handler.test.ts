import { once } from 'node:events'
import { Writable } from 'node:stream'
import { beforeAll, expect, test } from 'vitest'
import { testRPCHandler } from '../../../test/suites/rpc-handler.ts'
import { gate } from '../../../test/tools/gate.ts'
import { awslambda, serveLambda } from '../../../test/tools/lambda.ts'
import { settle } from '../../../test/tools/probes.ts'
import type { Serve } from '../../../test/tools/serve.ts'
import { CORSPlugin } from '../../plugins/cors-plugin.ts'
import {
  RequestHeadersPlugin,
  type RequestHeadersPluginContext,
  ResponseHeadersPlugin,
  type ResponseHeadersPluginContext,
} from '../../plugins/header-plugins.ts'
import { os } from '../../server/builder.ts'
import type { LambdaEvent } from './lambda-event.ts'
import { RPCHandler } from './rpc-handler.ts'

beforeAll(() => {
  Object.assign(globalThis, { awslambda })
})

const serve: Serve = (router, { context = {}, port, ...options } = {}) => {
  const handler = new RPCHandler(router, options)
  return serveLambda(async (event, responseStream) => {
    const { matched } = await handler.handle(event, responseStream, { prefix: '/rpc', context })
    if (matched) return
    const response = awslambda.HttpResponseStream.from(responseStream, { statusCode: 404 })
    response.write('no match')
    response.end()
  }, port)
}

testRPCHandler(serve)

function eventOf(procedure: string): LambdaEvent {
  return {
    rawPath: `/rpc/${procedure}`,
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: { http: { method: 'POST' } },
  }
}

/** A response stream whose client reads only when told to. */
function stalled(): { readonly stream: Writable; read(): void } {
  let read = (): void => {}
  const stream = new Writable({
    highWaterMark: 16 * 1024,
    write(_chunk, _encoding, done) {
      read = done
    },
  })
  return { stream, read: () => read() }
}

test('cookies come from their own field of the event, and go into their own field of the answer', async () => {
  const swap = os
    .$context<RequestHeadersPluginContext & ResponseHeadersPluginContext>()
    .handler(({ context: { reqHeaders, resHeaders } }) => {
      resHeaders?.append('set-cookie', 'a=1; Path=/')
      resHeaders?.append('set-cookie', 'b=2, 3')
      return reqHeaders?.get('cookie')
    })
  const server = await serve({ swap }, { plugins: [new RequestHeadersPlugin(), new ResponseHeadersPlugin()] })
  const response = await fetch(`${server.url}/swap`, { method: 'POST', headers: { cookie: 'x=1; y=2' } })
  expect(response.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2, 3'])
  expect(await response.json()).toEqual({ json: 'x=1; y=2' })
  await server.close()
})

test('an answer without a body sends its head all the same', async () => {
  const server = await serve({ ping: os.handler(() => 1) }, { plugins: [new CORSPlugin()] })
  const headers = { origin: 'https://app.test', 'access-control-request-method': 'POST' }
  const response = await fetch(`${server.url}/ping`, { method: 'OPTIONS', headers })
  expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
  await server.close()
})

test('a body is counted as the bytes that it stands for, not as base64', async () => {
  const handler = new RPCHandler({ size: os.handler(({ input }) => String(input).length) }, { maxBodySize: 100 })
  const answerTo = async (length: number): Promise<string> => {
    const body = Buffer.from(JSON.stringify({ json: 'x'.repeat(length) })).toString('base64')
    const headers = { 'content-type': 'application/json' }
    const chunks: Buffer[] = []
    const stream = new Writable({ write: (chunk, _, done) => done(void chunks.push(chunk) as never) })
    await handler.handle({ ...eventOf('size'), headers, body, isBase64Encoded: true }, stream, { prefix: '/rpc' })
    return Buffer.concat(chunks).toString()
  }
  expect(await answerTo(89)).toContain('"statusCode":200')
  expect(await answerTo(90)).toContain('"statusCode":413')
})

test('a stream is pulled no faster than its client reads', async () => {
  let pulled = 0
  const flood = os.handler(async function* () {
    for (;;) {
      pulled++
      yield 'x'.repeat(8 * 1024)
    }
  })
  const { stream, read } = stalled()
  const handled = new RPCHandler({ flood }).handle(eventOf('flood'), stream, { prefix: '/rpc' })
  await settle()
  const before = pulled
  expect(before).toBeLessThan(5)
  while (pulled === before) {
    read()
    await settle()
  }
  expect(pulled).toBeLessThan(10)
  stream.destroy()
  expect(await handled).toEqual({ matched: true })
})

test('a stream that fails before anything was written releases its handler and harms nobody else', async () => {
  const called = gate()
  const aborted = gate()
  const slow = os.handler(async ({ signal }) => {
    called.open()
    await once(signal, 'abort')
    aborted.open()
  })
  const { stream } = stalled()
  const handled = new RPCHandler({ slow }).handle(eventOf('slow'), stream, { prefix: '/rpc' })
  await called.opened
  stream.destroy(new Error('ECONNRESET'))
  await aborted.opened
  expect(await handled).toEqual({ matched: true })
})
