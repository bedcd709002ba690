import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { gate } from '../../test/tools/gate.ts'
import { rejection, settle } from '../../test/tools/probes.ts'
import { createClient } from '../client/create-client.ts'
import { oc } from '../contract/builder.ts'
import type { ContractRouter } from '../contract/contract-procedure.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import { onAbort } from '../core/abort.ts'
import { RPCError } from '../core/error.ts'
import { ValidationError } from '../core/schema.ts'
import { getEventMeta, withEventMeta } from '../event/event-meta.ts'
import { os } from '../server/builder.ts'
import type { Router } from '../server/router.ts'
import type { LinkPlugin } from '../session/call-link.ts'
import { RPCHandler } from '../transport/fetch/rpc-handler.ts'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import { ClientRetryPlugin } from './client-retry-plugin.ts'
import { RequestValidationPlugin, ResponseValidationPlugin } from './validation-plugins.ts'

/** A client of a server that keeps no contract, with a count of the requests that it makes. */
function clientOf(router: Router, ...plugins: readonly LinkPlugin[]) {
  const handler = new RPCHandler(router)
  const fetch = vi.fn(async (url: string, init: RequestInit) => {
    const { response } = await handler.handle(new Request(url, init))
    return response ?? new Response(undefined, { status: 404 })
  })
  return { fetch, client: createClient<any>(new RPCLink({ url: 'http://x.test', fetch, plugins })) }
}

const count = z.string().transform(Number).pipe(z.number())
const failing = (code: string, data: unknown) => () => {
  throw new RPCError(code, { status: 409, data })
}

afterEach(() => void vi.useRealTimers())

describe('RequestValidationPlugin', () => {
  const echo = os.handler(({ input }) => input)
  const contract: ContractRouter = {
    any: oc,
    nested: { counted: oc.input(z.object({ count })) },
    sum: oc.input(eventIterator(z.object({ count }), count)),
  }
  const plugin = new RequestValidationPlugin(contract)
  const clientOfEcho = () => clientOf({ any: echo, nested: { counted: echo } }, plugin)

  test('sends what fits as it was given, not as the schema makes it', async () => {
    const { client } = clientOfEcho()
    expect(await client.nested.counted({ count: '7', more: true })).toEqual({ count: '7', more: true })
    expect(await client.any({ whatever: 1n })).toEqual({ whatever: 1n })
    expect(await client.any()).toBeUndefined()
  })

  test('refuses what does not fit as the server would, without a request', async () => {
    const { client, fetch } = clientOfEcho()
    const error = await rejection(client.nested.counted({ count: 7 }))
    expect(error).toBeInstanceOf(RPCError)
    expect(fetch).not.toHaveBeenCalled()
    const strict = clientOf({ counted: os.input(z.object({ count })).handler(() => 1) })
    const answered = await rejection(strict.client.counted({ count: 7 }))
    expect(JSON.parse(JSON.stringify(error))).toEqual(JSON.parse(JSON.stringify(answered)))
  })

  test('checks the events of a stream, and sends them as they were given with their ids', async () => {
    const received: unknown[] = []
    const sum = os.handler(async ({ input }) => {
      const stream = input as unknown as AsyncIterator<unknown>
      for (;;) {
        const { done, value } = await stream.next()
        received.push(done ? value : [value, getEventMeta(value)?.id])
        if (done) return received.length
      }
    })
    const { client } = clientOf({ sum }, plugin)
    async function* events() {
      yield withEventMeta({ count: '1' }, { id: 'x' })
      yield { count: '2' }
      return '3'
    }
    expect(await client.sum(events())).toBe(3)
    expect(received).toEqual([[{ count: '1' }, 'x'], [{ count: '2' }, undefined], '3'])
  })

  test('fails a stream with the event that does not fit, and leaves it', async () => {
    let left = false
    const sum = os.handler(async ({ input }) => {
      for await (const _ of input as unknown as AsyncIterable<unknown>);
    })
    const { client } = clientOf({ sum }, plugin)
    async function* events() {
      try {
        yield { count: '1' }
        yield { count: 2 }
      } finally {
        left = true
      }
    }
    expect(await rejection(client.sum(events()))).toMatchObject({
      code: 'BAD_REQUEST',
      data: { issues: [{ path: ['count'] }] },
    })
    await settle()
    expect(left).toBe(true)
  })

  test('refuses what is no stream where the contract wants one', async () => {
    const { client, fetch } = clientOf({ sum: echo }, plugin)
    expect(await rejection(client.sum([1]))).toMatchObject({ code: 'BAD_REQUEST' })
    expect(fetch).not.toHaveBeenCalled()
  })

  test.each(['nope', 'toString', 'nested'])('refuses to call %j, which the contract does not have', async (name) => {
    const { client, fetch } = clientOfEcho()
    await expect(client[name]()).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining(name) })
    await expect(client.any.more()).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(fetch).not.toHaveBeenCalled()
  })
})

describe('ResponseValidationPlugin', () => {
  const contract: ContractRouter = {
    counted: oc.output(z.object({ count })).errors({ FULL: { status: 409, data: z.object({ count }) } }),
    any: oc,
    live: oc
      .output(eventIterator(z.object({ count }), count))
      .errors({ FULL: { status: 409, data: z.object({ count }) } }),
  }
  const plugin = new ResponseValidationPlugin(contract)

  test('gives what the schema makes of the output', async () => {
    const { client } = clientOf(
      { counted: os.handler(() => ({ count: '7', secret: 1 })), any: os.handler(() => 1n) },
      plugin,
    )
    expect(await client.counted()).toEqual({ count: 7 })
    expect(await client.any()).toBe(1n)
  })

  test('fails with what is wrong with an output that does not fit, which no retry makes better', async () => {
    const router = { counted: os.handler(() => ({ count: 7 })) }
    const retry = new ClientRetryPlugin({ default: { retry: 3, retryDelay: 1 } })
    const { client, fetch } = clientOf(router, retry, plugin)
    const error = await rejection(client.counted())
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.issues).toMatchObject([{ path: ['count'] }])
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('gives what the schemas make of the events of a stream and of its end, with their ids', async () => {
    const live = os.handler(async function* () {
      yield withEventMeta({ count: '1' }, { id: 'x', retry: 5 })
      return '2'
    })
    const { client } = clientOf({ live }, plugin)
    const stream = await client.live()
    const { value } = await stream.next()
    expect([value, getEventMeta(value)]).toEqual([{ count: 1 }, { id: 'x', retry: 5 }])
    expect(await stream.next()).toEqual({ done: true, value: 2 })
  })

  test('resumes a stream after the ids of the events that it has given', async () => {
    vi.useFakeTimers()
    const asked: (string | null)[] = []
    const blocks = ['id: 1\ndata: {"json":{"count":"1"}}\n\n', 'id: 2\ndata: {"json":{"count":"2"}}\n\nevent: done\n\n']
    const fetch = async (_: string, init: RequestInit) => {
      asked.push(new Headers(init.headers).get('last-event-id'))
      return new Response(blocks.shift() ?? null, { headers: { 'content-type': 'text/event-stream' } })
    }
    const untyped = new ResponseValidationPlugin({ live: oc.output(eventIterator(z.object({ count }))) })
    const client = createClient<any>(new RPCLink({ url: 'http://x.test', fetch, plugins: [untyped] }))
    const stream = await client.live()
    expect((await stream.next()).value).toEqual({ count: 1 })
    const second = stream.next()
    await vi.advanceTimersByTimeAsync(1000)
    expect((await second).value).toEqual({ count: 2 })
    expect(asked).toEqual([null, '1'])
    expect((await stream.next()).done).toBe(true)
  })

  /** A stream of the event, and a gate that opens when it is left. */
  function streamOf(event: unknown) {
    const left = gate()
    const stream = os.handler(async function* ({ signal }) {
      yield event
      await new Promise<void>((resolve) => onAbort(signal, resolve))
      left.open()
    })
    return { left, stream }
  }

  test('fails a stream with the event that does not fit, and leaves it', async () => {
    const { left, stream: live } = streamOf({ count: 2 })
    const { client } = clientOf({ live }, plugin)
    const stream = await client.live()
    expect(await rejection(stream.next())).toBeInstanceOf(ValidationError)
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    await left.opened
  })

  test('leaves a stream where the contract wants a plain answer', async () => {
    const { left, stream: counted } = streamOf(1)
    const { client } = clientOf({ counted }, plugin)
    expect(await rejection(client.counted())).toBeInstanceOf(ValidationError)
    await left.opened
  })

  test('gives what the schema makes of the data of a declared error, in an answer and in a stream', async () => {
    const live = os.handler(async function* () {
      yield { count: '1' }
      failing('FULL', { count: '2' })()
    })
    const { client } = clientOf({ counted: os.handler(failing('FULL', { count: '3' })), live }, plugin)
    expect(await rejection(client.counted())).toMatchObject({ code: 'FULL', defined: true, data: { count: 3 } })
    const stream = await client.live()
    await stream.next()
    expect(await rejection(stream.next())).toMatchObject({ code: 'FULL', defined: true, data: { count: 2 } })
  })

  test.each([
    ['the contract does not declare', failing('OTHER', 1), { code: 'OTHER', data: 1 }],
    ['does not fit its declaration', failing('FULL', { count: 3 }), { code: 'FULL', data: { count: 3 } }],
  ])('passes an error on that %s as one that is not defined', async (_, handler, error) => {
    const { client } = clientOf({ counted: os.handler(handler) }, plugin)
    expect(await rejection(client.counted())).toMatchObject({ ...error, defined: false })
  })
})
