import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/create-client.ts'
import { RPCError } from '../../src/core/error.ts'
import { withEventMeta } from '../../src/event/event-meta.ts'
import { os } from '../../src/server/builder.ts'
import { RPCLink } from '../../src/transport/fetch/rpc-link.ts'
import { serveFetch, serveNode, type TestServer } from '../tools/serve.ts'
import { createRecordedRouter, NATIVE } from './recorded-router.ts'

interface Exchange {
  readonly name: string
  readonly request: { readonly url: string; readonly headers: Record<string, string>; readonly body: string }
  readonly response: { readonly status: number; readonly headers: Record<string, string>; readonly body: string }
  readonly clientSees?: Record<string, unknown>
}

const exchanges: Exchange[] = JSON.parse(readFileSync(join(import.meta.dirname, '../wire/http.json'), 'utf8'))
const createError = (code: string, options: object) => new RPCError(code, options)
const router = createRecordedRouter({ os, createError, withEventMeta })

describe.each([
  ['node', serveNode],
  ['fetch', serveFetch],
] as const)('the handler for %s answers as the reference did', (_, serve) => {
  let server: TestServer
  beforeAll(async () => {
    server = await serve(router)
  })
  afterAll(() => server.close())

  test.each(exchanges)('$name', async ({ request, response }) => {
    const { url, headers, body } = request
    const answer = await fetch(`http://127.0.0.1:${server.port}${url}`, { method: 'POST', headers, body })
    expect(answer.status).toBe(response.status)
    for (const [name, value] of Object.entries(response.headers)) expect(answer.headers.get(name)).toBe(value)
    expect(await answer.text()).toBe(response.body)
  })
})

describe('our client asks as the reference did', () => {
  const inputs: Record<string, unknown> = {
    'echo object': { a: 1, b: [true, null, 'x'] },
    'echo native types': NATIVE,
    'validation failure': { a: 'x' },
    stream: { q: new Date(0) },
    'stream resumed': { q: 1 },
    'stream aborted by return()': {},
  }

  test.each(exchanges)('$name', async ({ name, request, response, clientSees }) => {
    let sent: unknown
    const link = new RPCLink({
      url: 'http://x.test/rpc',
      fetch: async (url, { method, headers, body }) => {
        sent = { method, url: url.replace('http://x.test', ''), headers: Object.fromEntries(headers as Headers), body }
        return new Response(response.body, response)
      },
    })
    const path = request.url.split('/').slice(2)
    const options = { lastEventId: request.headers['last-event-id'], resume: false }
    const call = link.call(path, inputs[name], options)
    const failure = call.then(
      async (output) => {
        for await (const _ of isIterable(output) ? output : []);
        return undefined
      },
      (error: unknown) => error,
    )
    const seen = await failure.catch((error: unknown) => error)
    expect(sent).toEqual({ method: 'POST', ...request })
    if (clientSees === undefined) expect(seen).toBeUndefined()
    else if (name !== 'unknown procedure') expect(seen).toMatchObject(clientSees)
    else expect(seen).toMatchObject({ code: 'NOT_FOUND' })
  })
})

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

test('createClient walks to the recorded paths', async () => {
  const paths: unknown[] = []
  const client = createClient<Record<string, Record<string, () => Promise<void>>>>({
    call: async (path) => void paths.push(path),
  })
  await client['nested']?.['native']?.()
  expect(paths).toEqual([['nested', 'native']])
})
