import { afterEach, describe, expect, test } from 'vitest'
import { rejection } from '../../test/tools/probes.ts'
import { serveNode, type TestServer } from '../../test/tools/serve.ts'
import { createClient } from '../client/create-client.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import { RPCError } from '../core/error.ts'
import { type } from '../core/schema.ts'
import { os } from '../server/builder.ts'
import { createRouterClient } from '../server/router-client.ts'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import { DurableEventIterator } from './durable-event-iterator.ts'
import { DurableEventIteratorHandlerPlugin } from './handler-plugin.ts'
import { verifyToken } from './token.ts'
import type { DurableEventIteratorObject } from './types.ts'

interface Room extends DurableEventIteratorObject<{ message: string }, { userId: string } | undefined> {
  say(...args: any[]): (input: { message: string }) => Promise<void>
}

const base = os.errors({ SOME: {} })
const router = {
  plain: os.handler(() => new DurableEventIterator<Room>('room', { signingKey: 'key' })),
  full: base.handler(() =>
    new DurableEventIterator<Room>('room', {
      signingKey: 'key',
      att: { userId: 'Ada' },
      tags: ['vip'],
      ttl: 10,
    }).rpc('say'),
  ),
  stream: base
    .output(eventIterator(type<{ message: string }>()))
    .handler(() => new DurableEventIterator<Room>('room', { signingKey: 'key' })),
  keyless: os.handler(() => new DurableEventIterator<Room>('room', { signingKey: '' })),
}

let server: TestServer | undefined

afterEach(() => server?.close())

async function connect(plugins = [new DurableEventIteratorHandlerPlugin()]): Promise<any> {
  server = await serveNode(router, { plugins, interceptors: [] })
  return createClient(new RPCLink({ url: server.url }))
}

describe('a handler with the plugin answers', () => {
  test('a token', async () => {
    const client = await connect()
    const { '~durable': token, ...rest } = await client.plain()
    expect(rest).toEqual({})
    const payload = await verifyToken('key', token)
    expect(payload).toMatchObject({ chn: 'room', tags: [], rpc: [] })
    expect(payload.exp - payload.iat).toBe(24 * 60 * 60)
  })

  test('a token for the methods, the attachment, the tags and the time that were named', async () => {
    const client = await connect()
    const payload = await verifyToken('key', (await client.full())['~durable'])
    expect(payload).toMatchObject({ att: { userId: 'Ada' }, tags: ['vip'], rpc: ['say'] })
    expect(payload.exp - payload.iat).toBe(10)
  })

  test('a token where the contract says a stream', async () => {
    const client = await connect()
    expect(await client.stream()).toEqual({ '~durable': expect.any(String) })
  })

  test('with an error without a key, and does not say what is wrong', async () => {
    const client = await connect()
    expect(await rejection(client.keyless())).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', data: undefined })
  })
})

test('without the plugin the stream fails, and says what is missing', async () => {
  const stream = await createRouterClient(router).plain()
  await expect(stream.next()).rejects.toThrow(/DurableEventIteratorHandlerPlugin/)
  const client = await connect([])
  expect(await rejection((await client.plain()).next())).toBeInstanceOf(RPCError)
})

test('rpc() leaves the iterator that it was called on as it was', async () => {
  const iterator = new DurableEventIterator<Room>('room', { signingKey: 'key' })
  iterator.rpc('say')
  const { token } = (await iterator) as unknown as { token: string }
  expect((await verifyToken('key', token)).rpc).toEqual([])
})

test.each([0, -1, 1.5, Number.NaN])('a time of %d seconds is refused', (ttl) => {
  expect(() => new DurableEventIterator<Room>('room', { signingKey: 'key', ttl })).toThrow(RangeError)
})

test('is signed once, however often it is awaited', async () => {
  const iterator = new DurableEventIterator<Room>('room', { signingKey: 'key' })
  expect(await iterator).toBe(await iterator)
})
