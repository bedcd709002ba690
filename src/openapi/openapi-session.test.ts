import { expect, test } from 'vitest'
import { z } from 'zod'
import { os } from '../server/builder.ts'
import { serveRequest } from '../session/serve-request.ts'
import type { ServerRequest } from '../session/server-request.ts'
import { createOpenAPISession } from './openapi-session.ts'
import { SmartCoercionPlugin } from './smart-coercion-plugin.ts'

test('a framework that routes by itself says which procedure a request asks for, and what it has parsed', async () => {
  const procedure = os
    .$context<{ user: string }>()
    .input(z.object({ id: z.number(), name: z.string() }))
    .handler(({ input, context, path }) => ({ ...input, user: context.user, path }))
  const routing = {
    match: async () => ({ procedure, path: ['planet', 'update'], params: { id: '7' } }),
    methodsAt: () => [],
  }
  const session = createOpenAPISession(routing, { plugins: [new SmartCoercionPlugin()] })
  const request: ServerRequest = {
    method: 'PUT',
    url: '/whatever/7',
    header: () => undefined,
    headers: () => new Headers(),
    body: () => Promise.reject(new Error('It was read already')),
    stream: () => new Blob([]).stream(),
    received: { message: { name: 'Earth' } },
    signal: new AbortController().signal,
  }
  const response = await serveRequest(session, { request, prefix: '', context: { user: 'Ada' } })
  expect([response?.status, JSON.parse(response?.body as string)]).toEqual([
    200,
    { id: 7, name: 'Earth', user: 'Ada', path: ['planet', 'update'] },
  ])
})
