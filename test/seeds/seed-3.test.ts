import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import {
  type EventIterator,
  eventIterator,
  getEventMeta,
  os,
  type Router,
  type RouterClient,
  withEventMeta,
} from 'headwater/server'
import { RPCHandler } from 'headwater/server/node'
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { z } from 'zod'

// The code blocks of the seed "Event Iterator (SSE)". Changed: the import specifiers, the format, and that the handlers
// note what they get of `input` and `lastEventId`, which the seed leaves unused.

const noted: { input: unknown; lastEventId: string | undefined }[] = []
const servers: Server[] = []

beforeEach(() => {
  noted.length = 0
  // Only this one: sockets need real time, the handlers of the seed wait for a second between events.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** Serves a router over HTTP and gives its client. */
async function connect<R extends Router<Record<never, never>>>(router: R): Promise<RouterClient<R>> {
  const served: Router<Record<never, never>> = router
  const handler = new RPCHandler(served)
  const server = createServer((request, response) => void handler.handle(request, response, { prefix: '/rpc' }))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return createClient<RouterClient<R>>(new RPCLink({ url: `http://127.0.0.1:${port}/rpc` }))
}

/** Lets the seconds between the events pass until there is a result. */
async function inTime<Result>(promise: Promise<Result>): Promise<Result> {
  let settled = false
  const note = (): void => {
    settled = true
  }
  promise.then(note, note)
  await secondsUntil(() => settled)
  return promise
}

async function secondsUntil(reached: () => boolean): Promise<void> {
  const passSecond = async (): Promise<boolean> => {
    await vi.advanceTimersByTimeAsync(1000)
    return reached()
  }
  await vi.waitUntil(passSecond, { interval: 5, timeout: 4000 })
}

/** What is left of a stream until it ends. */
async function drain<Value>(stream: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = []
  for await (const value of stream) values.push(value)
  return values
}

describe('overview', () => {
  const example = os.handler(async function* ({ input, lastEventId }) {
    noted.push({ input, lastEventId })
    while (true) {
      yield { message: 'Hello, world!' }
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  })

  test('a handler that is an async generator streams its events', async () => {
    const client = await connect({ example })
    const stream = await client.example()
    expectTypeOf(stream).toExtend<EventIterator<{ message: string }, unknown>>()
    for (let seconds = 0; seconds < 3; seconds++) {
      expect(await inTime(stream.next())).toEqual({ done: false, value: { message: 'Hello, world!' } })
    }
    expect(noted).toEqual([{ input: undefined, lastEventId: undefined }])
    await stream.return()
  })
})

describe('validate event iterator', () => {
  const example = os.output(eventIterator(z.object({ message: z.string() }))).handler(async function* ({
    input,
    lastEventId,
  }) {
    noted.push({ input, lastEventId })
    while (true) {
      yield { message: 'Hello, world!' }
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  })

  test('events that fit pass', async () => {
    const client = await connect({ example })
    const stream = await client.example()
    expectTypeOf(stream).toEqualTypeOf<EventIterator<{ message: string }, unknown>>()
    expect(await inTime(stream.next())).toEqual({ done: false, value: { message: 'Hello, world!' } })
    await stream.return()
  })

  test('an event that does not fit fails the stream, and the client is told nothing of it', async () => {
    const broken = os.output(eventIterator(z.object({ message: z.string() }))).handler(async function* () {
      yield { message: 42 as never }
    })
    const stream = await (await connect({ broken })).broken()
    const error: unknown = await inTime(stream.next()).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', message: 'Internal server error', data: undefined })
  })
})

describe('last event id and event metadata', () => {
  const example = os.handler(async function* ({ input, lastEventId }) {
    noted.push({ input, lastEventId })
    if (lastEventId) {
      // Resume streaming from lastEventId
    } else {
      while (true) {
        yield withEventMeta({ message: 'Hello, world!' }, { id: 'some-id', retry: 10_000 })
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    }
  })

  test('the client sees the meta of each event', async () => {
    const stream = await (await connect({ example })).example()
    const { value } = await inTime(stream.next())
    expect(value).toEqual({ message: 'Hello, world!' })
    expect(getEventMeta(value)).toEqual({ id: 'some-id', retry: 10_000 })
    await stream.return()
  })

  test('a client that reconnects is resumed after the last event that it has seen', async () => {
    const stream = await (await connect({ example })).example()
    await inTime(stream.next())
    servers[0]?.closeAllConnections()
    for (const event of await inTime(drain(stream))) expect(getEventMeta(event)?.id).toBe('some-id')
    expect(noted.map(({ lastEventId }) => lastEventId)).toEqual([undefined, 'some-id'])
  })

  test('a caller may begin after an event of its own choice', async () => {
    const stream = await (await connect({ example })).example(undefined, { lastEventId: 'my-id' })
    expect(await inTime(stream.next())).toEqual({ done: true, value: undefined })
    expect(noted).toEqual([{ input: undefined, lastEventId: 'my-id' }])
  })
})

describe('stop event iterator', () => {
  let done = false
  const example = os.handler(async function* ({ input, lastEventId }) {
    noted.push({ input, lastEventId })
    while (true) {
      if (done) {
        return
      }

      yield { message: 'Hello, world!' }
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  })

  test('return ends the stream for good: nothing reconnects', async () => {
    const stream = await (await connect({ example })).example()
    expect(await inTime(stream.next())).toMatchObject({ done: false })
    done = true
    await inTime(drain(stream))
    expect(await stream.next()).toEqual({ done: true, value: undefined })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(noted).toHaveLength(1)
  })
})

describe('cleanup side-effects', () => {
  const example = os.handler(async function* ({ input, lastEventId }) {
    noted.push({ input, lastEventId })
    try {
      while (true) {
        yield { message: 'Hello, world!' }
        await new Promise((resolve) => setTimeout(resolve, 1000))
      }
    } finally {
      console.log('Cleanup logic here')
    }
  })

  test('finally runs when the client closes the connection', async () => {
    const log = vi.spyOn(console, 'log').mockReturnValue()
    const stream = await (await connect({ example })).example()
    await inTime(stream.next())
    expect(log).not.toHaveBeenCalled()
    await stream.return()
    await secondsUntil(() => log.mock.calls.length > 0)
    expect(log.mock.calls).toEqual([['Cleanup logic here']])
    expect(noted).toHaveLength(1)
  })
})
