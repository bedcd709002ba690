import { createORPCClient } from '@orpc/client'
import { OpenAPILink as ReferenceLink } from '@orpc/openapi-client/fetch'
import { eventIterator as referenceEventIterator, os as referenceOs } from '@orpc/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../../src/client/create-client.ts'
import { eventIterator } from '../../src/contract/event-iterator.ts'
import { RPCError } from '../../src/core/error.ts'
import { getEventMeta, withEventMeta } from '../../src/event/event-meta.ts'
import { os } from '../../src/server/builder.ts'
import { OpenAPILink } from '../../src/transport/fetch/openapi-link.ts'
import { gate } from '../tools/gate.ts'
import type { TestServer } from '../tools/serve.ts'
import { serveOpenAPIFetch, serveOpenAPINode } from '../tools/serve-openapi.ts'

let left = gate()

/** The same routes, built with either library. */
function createRoutes(os: any, eventIterator: any, handlers: Record<string, (options: any) => unknown> = {}) {
  const on = (name: string, route: object, build = (os: any) => os): any =>
    build(os.route(route)).handler(handlers[name] ?? (() => undefined))
  return {
    planet: {
      find: on('find', { method: 'GET', path: '/planets/{id}' }),
      create: on('create', { method: 'POST', path: '/planets', successStatus: 201 }),
      update: on('update', { method: 'PUT', path: '/planets/{id}' }),
      remove: on('remove', { method: 'DELETE', path: '/planets/{id}', successStatus: 204 }),
    },
    file: on('file', { method: 'GET', path: '/files/{+path}' }),
    upload: on('upload', { path: '/upload' }),
    raw: on('raw', { path: '/raw' }),
    mixed: on('mixed', { path: '/mixed' }),
    fail: on('fail', { path: '/fail' }, (os) =>
      os.errors({ TAKEN: { status: 409, data: z.object({ by: z.string() }) } }),
    ),
    detailed: on('detailed', {
      method: 'POST',
      path: '/detailed/{id}',
      inputStructure: 'detailed',
      outputStructure: 'detailed',
    }),
    byKeys: on('byKeys', {}),
    live: on('live', { method: 'GET', path: '/live' }, (os) => os.output(eventIterator(z.any()))),
    broken: on('broken', { method: 'GET', path: '/broken' }),
    wait: on('wait', { method: 'GET', path: '/wait' }),
    sum: on('sum', { method: 'POST', path: '/sum' }),
  }
}

const router = createRoutes(os, eventIterator, {
  find: ({ input }) => input,
  create: ({ input }) => input,
  update: ({ input }) => input,
  file: ({ input }) => new File([`content of ${input.path}`], 'a.json', { type: 'application/json' }),
  upload: async ({ input }) => ({ title: input.title, text: await input.files[0].text(), name: input.files[0].name }),
  raw: async ({ input }) => [input.name, input.type, await input.text()],
  mixed: () => ({ n: 1, file: new File(['x'], 'x.txt', { type: 'text/plain' }) }),
  fail: ({ errors }) => {
    throw errors.TAKEN({ message: 'taken', data: { by: 'Ada' } })
  },
  detailed: ({ input: { params, query, headers, body } }) => ({
    status: 202,
    headers: { 'x-seen': headers['x-mine'] },
    body: { params, query, body },
  }),
  byKeys: ({ input }) => input,
  live: async function* ({ input, lastEventId }) {
    yield withEventMeta({ input, lastEventId }, { id: '7', retry: 10 })
    yield { at: new Date(0) }
    return 'bye'
  },
  broken: async function* () {
    yield 1
    throw new RPCError('CONFLICT', { message: 'nope', data: { x: 1 } })
  },
  wait: async function* ({ signal }) {
    yield 'waiting'
    await new Promise((resolve) => signal.addEventListener('abort', resolve)).finally(left.open)
  },
  sum: async ({ input }) => {
    let total = 0
    for await (const n of input) total += n
    return total
  },
})

const servers: TestServer[] = []
beforeAll(async () => {
  servers.push(await serveOpenAPINode(router), await serveOpenAPIFetch(router))
})
afterAll(() => Promise.all(servers.map((server) => server.close())))

const links: [string, number, () => any][] = [0, 1].flatMap((index): [string, number, () => any][] => {
  const url = (): string => (servers[index] as TestServer).url
  const on = ['node', 'fetch'][index]
  return [
    [
      `the reference's link on ${on}`,
      index,
      () =>
        createORPCClient(
          new ReferenceLink(createRoutes(referenceOs, referenceEventIterator) as any, { url: url() }) as any,
        ),
    ],
    [
      `OpenAPILink on ${on}`,
      index,
      () => createClient(new OpenAPILink(createRoutes(os, eventIterator), { url: url() })),
    ],
  ]
})

describe.each(links)('%s', (_, _index, connect) => {
  test('calls by method, path, query and body', async () => {
    const client = connect()
    const query = { id: 'a/b', at: new Date(0), tags: ['x', 'y'], user: { name: 'Ada' } }
    expect(await client.planet.find(query)).toEqual({ ...query, at: '1970-01-01T00:00:00.000Z' })
    expect(await client.planet.create({ name: 'Earth', n: 1n })).toEqual({ name: 'Earth', n: '1' })
    expect(await client.planet.update({ id: '7', name: 'x' })).toEqual({ id: '7', name: 'x' })
    expect(await client.planet.remove({ id: '7' })).toBeUndefined()
    expect(await client.byKeys([1, 2])).toEqual([1, 2])
  })

  test('gets files and sends files', async () => {
    const client = connect()
    const file: File = await client.file({ path: 'a.json' })
    expect([file.name, file.type, await file.text()]).toEqual(['a.json', 'application/json', 'content of a.json'])
    const sent = new File(['hello'], 'grüße.txt', { type: 'text/plain' })
    expect(await client.upload({ title: 't', files: [sent] })).toEqual({ title: 't', text: 'hello', name: 'grüße.txt' })
    expect(await client.raw(sent)).toEqual(['grüße.txt', 'text/plain', 'hello'])
    const mixed = await client.mixed()
    expect([mixed.n, await mixed.file.text()]).toEqual(['1', 'x'])
  })

  test('gets errors with their data', async () => {
    const error = await connect()
      .fail()
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'TAKEN', status: 409, defined: true, message: 'taken', data: { by: 'Ada' } })
  })

  test('puts a detailed input where it belongs, and gets the output in detail', async () => {
    const input = { params: { id: '7' }, query: { page: 2 }, headers: { 'x-mine': 'yes' }, body: { a: 1 } }
    const answer = await connect().detailed(input)
    expect(answer).toMatchObject({ status: 202, body: { params: { id: '7' }, query: { page: '2' }, body: { a: 1 } } })
    expect(answer.headers['x-seen']).toBe('yes')
  })

  test('reads streams, their ids, their end and their errors', async () => {
    const client = connect()
    const stream = await client.live({ types: ['info'] }, { lastEventId: '6' })
    const { value: first } = await stream.next()
    expect(first).toEqual({ input: { types: ['info'] }, lastEventId: '6' })
    if (_.startsWith('OpenAPILink')) expect(getEventMeta(first)).toEqual({ id: '7', retry: 10 })
    expect((await stream.next()).value).toEqual({ at: '1970-01-01T00:00:00.000Z' })
    expect(await stream.next()).toEqual({ done: true, value: 'bye' })
    const broken = await client.broken()
    await broken.next()
    await expect(broken.next()).rejects.toMatchObject({ code: 'CONFLICT', status: 409, data: { x: 1 } })
  })

  test('leaves a stream', async () => {
    left = gate()
    const stream = await connect().wait()
    await stream.next()
    await stream.return()
    await left.opened
  })

  // The reference's link cannot: Node's fetch wants to be told that it is one.
  test.skipIf(!_.startsWith('OpenAPILink'))('sends a stream', async () => {
    async function* numbers() {
      yield 1
      yield 2
    }
    expect(await connect().sum(numbers())).toBe(3)
  })
})
