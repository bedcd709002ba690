import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { listen, type TestServer } from '../../../test/tools/serve.ts'
import { serveOpenAPINode } from '../../../test/tools/serve-openapi.ts'
import { createClient } from '../../client/create-client.ts'
import { oc } from '../../contract/builder.ts'
import { eventIterator } from '../../contract/event-iterator.ts'
import type { ContractRouterClient } from '../../contract/infer.ts'
import { withEventMeta } from '../../event/event-meta.ts'
import type { JsonifiedClient } from '../../openapi/jsonified.ts'
import { implement } from '../../server/implement.ts'
import { OpenAPILink, type OpenAPILinkOptions } from './openapi-link.ts'

const contract = {
  find: oc
    .route({ method: 'GET', path: '/planets/{id}' })
    .input(z.object({ id: z.string() }))
    .output(z.object({ seen: z.date() })),
  count: oc.route({ method: 'GET', path: '/count' }).output(eventIterator(z.object({ n: z.number() }), z.string())),
}
type Client = JsonifiedClient<ContractRouterClient<typeof contract>>

const servers: TestServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

function connect(url: string, options: Partial<OpenAPILinkOptions<unknown>> = {}): Client {
  return createClient(new OpenAPILink(contract, { url, backoff: { initialDelay: 1, maxDelay: 5 }, ...options }))
}

async function listenRaw(
  respond: (response: ServerResponse, url: string, lastEventId: string | undefined) => void,
): Promise<string> {
  const server = await listen((request, response) =>
    respond(response, request.url ?? '', request.headers['last-event-id']?.toString()),
  )
  servers.push(server)
  return server.url.replace('/rpc', '')
}

async function collect(stream: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = []
  for await (const value of stream) values.push(value)
  return values
}

test('the client of a contract gets what its server gives, as plain JSON', async () => {
  const api = implement(contract)
  const server = await serveOpenAPINode({
    find: api.find.handler(() => ({ seen: new Date(0) })),
    count: api.count.handler(async function* () {
      yield { n: 1 }
      return 'end'
    }),
  })
  servers.push(server)
  const { seen }: { seen: string } = await connect(server.url).find({ id: '7' })
  expect(seen).toBe('1970-01-01T00:00:00.000Z')
  const stream = await connect(server.url).count()
  expect([await stream.next(), await stream.next()]).toEqual([
    { done: false, value: { n: 1 } },
    { done: true, value: 'end' },
  ])
})

describe('a stream', () => {
  test('that is cut goes on after its last event', async () => {
    const api = implement(contract)
    const server = await serveOpenAPINode({
      find: api.find.handler(() => ({ seen: new Date(0) })),
      count: api.count.handler(async function* ({ lastEventId, signal }) {
        for (let n = Number(lastEventId ?? 0) + 1; n <= 5; n++) {
          yield withEventMeta({ n }, { id: String(n) })
          if (lastEventId === undefined) await new Promise((resolve) => signal.addEventListener('abort', resolve))
        }
        return 'end'
      }),
    })
    servers.push(server)
    const numbers: number[] = []
    for await (const { n } of await connect(server.url).count()) {
      numbers.push(n)
      if (n === 1) server.server.closeAllConnections()
    }
    expect(numbers).toEqual([1, 2, 3, 4, 5])
  })

  const answer = (response: ServerResponse, lastEventId: string | undefined): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(lastEventId === undefined ? 'id: 1\ndata: 1\n\n' : 'event: done\ndata: "end"\n\n')
  }

  test('whose body ends without done is taken for cut', async () => {
    const ids: (string | undefined)[] = []
    const url = await listenRaw((response, _, lastEventId) => {
      ids.push(lastEventId)
      answer(response, lastEventId)
    })
    expect(await collect(await connect(url).count())).toEqual([1])
    expect(ids).toEqual([undefined, '1'])
  })

  test("whose body ends without done is over with eof: 'done', unless it was cut off", async () => {
    let asked = 0
    const url = await listenRaw((response, _, lastEventId) => {
      asked++
      answer(response, lastEventId)
    })
    expect(await collect(await connect(url, { eof: 'done' }).count())).toEqual([1])
    expect(asked).toBe(1)
    let cut = false
    const cutting = await listenRaw((response, _, lastEventId) => {
      if (lastEventId !== undefined) return answer(response, lastEventId)
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('id: 1\ndata: 1\n\n', () => response.destroy())
      cut = true
    })
    const stream = await connect(cutting, { eof: 'done' }).count()
    expect([(await stream.next()).value, await stream.next(), cut]).toEqual([1, { done: true, value: 'end' }, true])
  })
})

describe('a call', () => {
  test.each(['..', '.', ''])('refuses %j in a path, which would lead elsewhere', async (id) => {
    await expect(connect('http://127.0.0.1:1').find({ id })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('of what the contract does not have is NOT_FOUND', async () => {
    const client = connect('http://127.0.0.1:1') as unknown as Record<string, () => Promise<unknown>>
    await expect(client['toString']?.()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(client['nope']?.()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('gets the errors of other servers by their status', async () => {
    const url = await listenRaw((response, path) => {
      if (path.endsWith('json'))
        response
          .writeHead(409, { 'content-type': 'application/problem+json' })
          .end('{"code":"TAKEN","message":"taken"}')
      else response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>')
    })
    await expect(connect(url).find({ id: 'json' })).rejects.toMatchObject({
      code: 'TAKEN',
      status: 409,
      message: 'taken',
    })
    await expect(connect(url).find({ id: 'html' })).rejects.toMatchObject({ code: 'BAD_GATEWAY', status: 502 })
  })
})
