import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { oc } from '../../contract/builder.ts'
import type { ContractRouter } from '../../contract/contract-procedure.ts'
import { eventIterator } from '../../contract/event-iterator.ts'
import { os } from '../../server/builder.ts'
import { lazy } from '../../server/lazy.ts'
import type { Router } from '../../server/router.ts'
import type { OpenAPIDocument } from './openapi-document.ts'
import { type GenerateOptions, OpenAPIGenerator } from './openapi-generator.ts'

const info = { title: 'Test', version: '1.0.0' }

/** The document, which is valid. */
async function generate(
  router: Router | ContractRouter,
  options: Partial<GenerateOptions> = {},
): Promise<OpenAPIDocument> {
  const document = JSON.parse(JSON.stringify(await new OpenAPIGenerator().generate(router, { info, ...options })))
  expect(await new Validator().validate(document)).toEqual({ valid: true })
  return document
}

describe('a document', () => {
  test('describes routes: tags, summaries, defaults, what a spec adds or replaces', async () => {
    const contract = oc.tag('Planets').router({
      find: oc.route({
        method: 'GET',
        path: '/planets/{id}',
        summary: 'Find',
        description: 'One',
        deprecated: true,
        tags: ['Read'],
      }),
      create: oc.route({ spec: (operation) => ({ ...operation, security: [{ token: [] }] }) }),
      own: oc.route({ path: '/own', spec: { responses: { 200: { description: 'Mine' } } } }),
    })
    const { paths } = await generate(contract, {
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    })
    expect(paths['/planets/{id}']?.get).toMatchObject({
      operationId: 'find',
      summary: 'Find',
      description: 'One',
      deprecated: true,
      tags: ['Planets', 'Read'],
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
    })
    expect(paths['/create']?.post).toMatchObject({ operationId: 'create', security: [{ token: [] }] })
    expect(paths['/own']?.post).toEqual({ responses: { 200: { description: 'Mine' } } })
  })

  test('passes on servers, security and tags', async () => {
    const fields = { servers: [{ url: 'https://x.test' }], security: [{ key: [] }], tags: [{ name: 'A' }] }
    const components = { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'x-key' } } }
    expect(await generate({}, { ...fields, components })).toMatchObject({
      openapi: '3.1.1',
      info,
      ...fields,
      components,
    })
  })

  test('has what the filter leaves, lazy parts included', async () => {
    const router = { inner: os.handler(() => 1), part: lazy(async () => ({ default: { outer: os.handler(() => 1) } })) }
    const { paths } = await generate(router, { filter: ({ path }) => path[0] !== 'inner' })
    expect(Object.keys(paths)).toEqual(['/part/outer'])
  })

  test('refuses two procedures at one place', async () => {
    const route = { method: 'GET', path: '/a' } as const
    await expect(generate({ one: oc.route(route), two: oc.route(route) })).rejects.toThrow('GET /a')
  })

  test('describes streams by their events', async () => {
    const contract = { live: oc.route({ method: 'GET' }).output(eventIterator(z.object({ n: z.number() }))) }
    const { paths } = await generate(contract)
    const operation = paths['/live']?.get
    expect(operation?.parameters).toMatchObject([{ name: 'last-event-id', in: 'header' }])
    expect(operation?.responses[200]?.content?.['text/event-stream']?.schema.oneOf).toMatchObject([
      { properties: { event: { const: 'message' }, data: { properties: { n: { type: 'number' } } } } },
      { properties: { event: { const: 'done' } } },
      { properties: { event: { const: 'error' } } },
    ])
  })

  test('groups errors by status', async () => {
    const contract = {
      a: oc.errors({
        ONE: { status: 409 },
        TWO: { status: 409, data: z.object({ n: z.number() }) },
        GONE: { status: 410 },
      }),
    }
    const { responses } = (await generate(contract)).paths['/a']?.post ?? { responses: {} }
    expect(Object.keys(responses)).toEqual(['200', '409', '410', 'default'])
    expect(responses[409]?.content?.['application/json']?.schema.oneOf).toMatchObject([
      { properties: { code: { const: 'ONE' } } },
      { properties: { code: { const: 'TWO' }, data: { properties: { n: { type: 'number' } } } } },
      { $ref: '#/components/schemas/RPCError' },
    ])
  })

  test('names schemas that have an id, are common, or contain themselves', async () => {
    const user = z.object({ id: z.string(), at: z.date() }).meta({ id: 'User' })
    const room = z.object({ name: z.string().default('x') })
    const tree = z.object({
      get kids() {
        return z.array(tree)
      },
    })
    const contract = {
      a: oc.input(z.object({ user, room })).output(z.object({ user, room })),
      b: oc.input(tree).output(z.array(tree)),
    }
    const { components, paths } = await generate(contract, { commonSchemas: { Room: room } })
    expect(Object.keys(components?.schemas ?? {}).sort()).toEqual([
      'RPCError',
      'Room',
      'RoomInput',
      'User',
      'b.input',
      'b.output',
    ])
    expect(paths['/a']?.post?.requestBody?.content['application/json']?.schema.properties).toEqual({
      user: { $ref: '#/components/schemas/User' },
      room: { $ref: '#/components/schemas/RoomInput' },
    })
  })

  test('describes files, alone and in forms', async () => {
    const contract = {
      one: oc.input(z.file()).output(z.instanceof(Blob)),
      form: oc.input(z.object({ files: z.array(z.file()) })),
    }
    const { paths } = await generate(contract)
    expect(Object.keys(paths['/one']?.post?.requestBody?.content ?? {})).toEqual(['application/octet-stream'])
    expect(Object.keys(paths['/one']?.post?.responses[200]?.content ?? {})).toEqual(['application/octet-stream'])
    expect(Object.keys(paths['/form']?.post?.requestBody?.content ?? {})).toEqual(['multipart/form-data'])
  })

  test('says whether a body is needed', async () => {
    const { paths } = await generate({ a: oc.input(z.string().optional()), b: oc.input(z.string()), c: oc })
    expect([paths['/a'], paths['/b'], paths['/c']].map((path) => path?.post?.requestBody?.required)).toEqual([
      false,
      true,
      undefined,
    ])
  })
})
