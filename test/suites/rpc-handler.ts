import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../../src/client/create-client.ts'
import { eventIterator } from '../../src/contract/event-iterator.ts'
import { RPCError } from '../../src/core/error.ts'
import { withEventMeta } from '../../src/event/event-meta.ts'
import { onError } from '../../src/event/lifecycle.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import type { Router } from '../../src/server/router.ts'
import { RPCLink } from '../../src/transport/fetch/rpc-link.ts'
import { gate } from '../tools/gate.ts'
import type { Serve, ServeOptions, TestServer } from '../tools/serve.ts'
import { createGapRouter, gapChecks } from './gap-checks.ts'

/** A figure in milliseconds may be missed once on a busy machine; one that is wrong is missed each time. */
const TIMED = { retry: 2 }

const JSON_TYPE = { 'content-type': 'application/json' }

/** What every handler of the RPC protocol does over HTTP, whatever it runs on. */
export function testRPCHandler(serve: Serve): void {
  let running: TestServer | undefined

  afterEach(async () => {
    await running?.close()
    running = undefined
  })

  async function start(router: Router, options: ServeOptions = {}): Promise<TestServer> {
    running = await serve(router, options)
    return running
  }

  function post(url: string, body = '{}', init: RequestInit = {}): Promise<Response> {
    return fetch(url, { method: 'POST', headers: JSON_TYPE, body, ...init })
  }

  describe('a call', () => {
    test('is answered with the output as a message', async () => {
      const { url } = await start({ echo: os.handler(({ input }) => input) })
      const response = await post(`${url}/echo`, '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":[[1,"at"]]}')
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^application\/json(; charset=utf-8)?$/)
      expect(await response.text()).toBe('{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":[[1,"at"]]}')
    })

    test('by GET carries its input in the query, where the procedure allows GET', async () => {
      const { url } = await start({ find: os.route({ method: 'GET' }).handler(({ input }) => input) })
      const response = await fetch(`${url}/find?data=${encodeURIComponent('{"json":{"a":1}}')}`)
      expect(await response.json()).toEqual({ json: { a: 1 } })
    })

    test('by GET is refused where the procedure does not allow it', async () => {
      const { url } = await start({ write: os.handler(() => 'written') })
      const response = await fetch(`${url}/write`)
      expect(response.status).toBe(405)
      expect(response.headers.get('allow')).toBe('POST, PUT, PATCH, DELETE')
    })

    test('by a method that no call is made with is refused, and told which are', async () => {
      const { url } = await start({ find: os.route({ method: 'GET' }).handler(() => 'found') })
      const response = await fetch(`${url}/find`, { method: 'HEAD' })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST, PUT, PATCH, DELETE'])
    })

    test('with files gets them as files', async () => {
      const { url } = await start({
        read: os.handler(async ({ input }) => ({ name: (input as File).name, text: await (input as File).text() })),
      })
      const form = new FormData()
      form.set('data', '{"maps":[[]]}')
      form.set('0', new File(['hello'], 'greeting.txt'))
      const response = await fetch(`${url}/read`, { method: 'POST', body: form })
      expect(await response.json()).toEqual({ json: { name: 'greeting.txt', text: 'hello' } })
    })

    test('sees the context that the handler was given', async () => {
      const { url } = await start(
        { who: os.$context<{ user: string }>().handler(({ context }) => context.user) },
        { context: { user: 'Ada' } },
      )
      expect(await (await post(`${url}/who`)).json()).toEqual({ json: 'Ada' })
    })

    test.each([
      '/rpc/nope',
      '/rpc/toString',
      '/rpc/__proto__',
      '/rpc/echo/constructor',
      '/rpc',
      '/other/echo',
      '/rpc/%E0%A4%A',
    ])('to %s is left to the rest of the application', async (path) => {
      const { port } = await start({ echo: os.handler(({ input }) => input) })
      const response = await post(`http://127.0.0.1:${port}${path}`)
      expect([response.status, await response.text()]).toEqual([404, 'no match'])
    })
  })

  describe('an error', () => {
    test('crosses the wire with its code, status, message and data', async () => {
      const { url } = await start({
        fail: os.handler(() => {
          throw new RPCError('NOT_FOUND', { message: 'no such thing', data: { id: 1n } })
        }),
      })
      const response = await post(`${url}/fail`)
      expect(response.status).toBe(404)
      expect(await response.text()).toBe(
        '{"json":{"defined":false,"code":"NOT_FOUND","status":404,"message":"no such thing","data":{"id":"1"}},"meta":[[0,"data","id"]]}',
      )
    })

    test('that nobody meant for the client crosses it without details, and interceptors see it', async () => {
      const seen: unknown[] = []
      const bug = new Error('password=hunter2')
      const router = {
        fail: os.handler(() => {
          throw bug
        }),
      }
      const { url } = await start(router, { interceptors: [onError((error) => seen.push(error))] })
      const response = await post(`${url}/fail`)
      expect(response.status).toBe(500)
      expect(await response.text()).toBe(
        '{"json":{"defined":false,"code":"INTERNAL_SERVER_ERROR","status":500,"message":"Internal server error"}}',
      )
      expect(seen).toEqual([bug])
    })

    test('of validation lists the issues', async () => {
      const { url } = await start({ validated: os.input(z.object({ a: z.number() })).handler(({ input }) => input) })
      const response = await post(`${url}/validated`, '{"json":{"a":"x"}}')
      expect(response.status).toBe(400)
      expect(await response.text()).toBe(
        '{"json":{"defined":false,"code":"BAD_REQUEST","status":400,"message":"Input validation failed","data":{"issues":[{"expected":"number","code":"invalid_type","path":["a"],"message":"Invalid input: expected number, received string"}]}}}',
      )
    })

    test.each([
      ['a body that is not JSON', '{"json":', JSON_TYPE, 400],
      ['a message that is no object', '[1]', JSON_TYPE, 400],
      ['meta that leads to a prototype', '{"json":{},"meta":[[1,"__proto__","x"]]}', JSON_TYPE, 400],
      ['a body of another type', '{"json":1}', { 'content-type': 'text/plain' }, 415],
      ['a body that is compressed', 'x', { ...JSON_TYPE, 'content-encoding': 'gzip' }, 415],
      ['a form that is none', 'x', { 'content-type': 'multipart/form-data; boundary=y' }, 400],
      ['an event id of over 256 bytes', '{}', { ...JSON_TYPE, 'last-event-id': 'x'.repeat(257) }, 400],
    ])('answers %s', async (_, body, headers, status) => {
      const { url } = await start({ echo: os.handler(({ input }) => input) })
      const response = await fetch(`${url}/echo`, { method: 'POST', headers, body })
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ json: { status } })
    })

    test('answers a body over the limit, be its length declared or not', async () => {
      const { url } = await start({ echo: os.handler(({ input }) => input) }, { maxBodySize: 100 })
      const large = JSON.stringify({ json: 'x'.repeat(200) })
      const streamed = new Blob([large]).stream()
      const init = { method: 'POST', headers: JSON_TYPE, body: streamed, duplex: 'half' } as RequestInit
      const [declared, undeclared] = await Promise.all([post(`${url}/echo`, large), fetch(`${url}/echo`, init)])
      expect([declared.status, undeclared.status]).toEqual([413, 413])
    })
  })

  describe('a stream', () => {
    const recorded = JSON.parse(readFileSync('test/wire/http.json', 'utf8')) as {
      readonly name: string
      readonly request: { readonly url: string; readonly headers: Record<string, string>; readonly body: string }
      readonly response: { readonly status: number; readonly body: string }
    }[]

    const router = {
      stream: os.handler(async function* ({ input, lastEventId }) {
        yield { input, lastEventId }
        yield withEventMeta({ at: new Date(0) }, { id: '7', retry: 100, comments: ['c1'] })
        yield 'multi\nline'
        return { bye: true }
      }),
      streamVoid: os.handler(async function* () {
        yield 1
      }),
      streamError: os.handler(async function* () {
        yield 1
        throw new RPCError('CONFLICT', { message: 'nope', data: { x: 1n } })
      }),
      streamSecret: os.handler(async function* () {
        yield 1
        throw new Error('password=hunter2')
      }),
    }

    test.each(recorded.filter(({ name }) => name.startsWith('stream')))(
      'is written as recorded: $name',
      async ({ request, response }) => {
        const { port } = await start(router)
        const { url, headers, body } = request
        const answer = await fetch(`http://127.0.0.1:${port}${url}`, { method: 'POST', headers, body })
        expect(answer.headers.get('content-type')).toBe('text/event-stream')
        expect(await answer.text()).toBe(response.body)
      },
    )

    test(
      'speaks at once, before its handler has anything to say, and keeps on giving signs of life',
      TIMED,
      async () => {
        const silent = os.handler(async function* ({ signal }) {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          yield 'never'
        })
        const { url } = await start({ silent }, { heartbeat: 20 })
        const startedAt = performance.now()
        const response = await post(`${url}/silent`)
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
        expect((await reader?.read())?.value).toMatch(/^(: \n\n)+$/)
        expect(performance.now() - startedAt).toBeLessThan(100)
        expect((await reader?.read())?.value).toMatch(/^(: \n\n)+$/)
        await reader?.cancel()
      },
    )

    test('of a publisher announces its position at once and in heartbeats once it has moved', async () => {
      const publisher = new Publisher<{ news: { n: number } }>(new MemoryLog())
      const live = os.handler(({ signal, lastEventId }) => publisher.subscribe('news', { signal, lastEventId }))
      const { url } = await start({ live }, { heartbeat: 20 })
      const response = await post(`${url}/live`)
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      const readUntil = async (pattern: RegExp): Promise<void> => {
        while (!pattern.test(text)) text += (await reader?.read())?.value ?? ''
      }
      await readUntil(/^: \n\nid: [0-9a-z]{12}:0:-\n\n/)
      const { id } = await publisher.publish('news', { n: 1 })
      await readUntil(new RegExp(`event: message\nid: ${id}\ndata: {"json":{"n":1}}\n\n(: \n\n)+$`))
      await reader?.cancel()
      await publisher.close()
    })

    test('that fails with data that cannot be encoded ends with an error all the same', async () => {
      const circle: Record<string, unknown> = {}
      circle['self'] = circle
      const fail = os.handler(async function* () {
        yield 1
        throw new RPCError('CONFLICT', { data: circle })
      })
      const { url } = await start({ fail })
      expect(await (await post(`${url}/fail`)).text()).toMatch(/event: error\ndata: .*INTERNAL_SERVER_ERROR.*\n\n$/)
    })

    test('that resumes gives no position before the event that leads to it', async () => {
      const publisher = new Publisher<{ news: { n: number } }>(new MemoryLog())
      const live = os.handler(({ signal, lastEventId }) => publisher.subscribe('news', { signal, lastEventId }))
      const mapped = os
        .output(eventIterator(z.object({ n: z.number() })))
        .handler(({ signal, lastEventId }) => publisher.subscribe('news', { signal, lastEventId }))
      const { url } = await start({ live, mapped })
      const ids: string[] = []
      for (let n = 0; n < 4; n++) ids.push((await publisher.publish('news', { n })).id)
      for (const procedure of ['live', 'mapped']) {
        const headers = { ...JSON_TYPE, 'last-event-id': ids[0] as string }
        const response = await post(`${url}/${procedure}`, '{}', { headers })
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
        let text = ''
        while (!text.includes('{"n":3}')) text += (await reader?.read())?.value
        expect(text.match(/(?<=^id: ).*/gm)).toEqual(ids)
        await reader?.cancel()
      }
      await publisher.close()
    })

    test('that fails shows its error to interceptors, and one that its client leaves shows none', async () => {
      const seen: unknown[] = []
      const bug = new Error('broken')
      const fail = os.handler(async function* () {
        yield 1
        throw bug
      })
      const left = gate()
      const wait = os.handler(async function* ({ signal }) {
        yield 1
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))).finally(
          left.open,
        )
      })
      const { url } = await start({ fail, wait }, { interceptors: [onError((error) => seen.push(error))] })
      await (await post(`${url}/fail`)).text()
      expect(seen).toEqual([bug])
      const controller = new AbortController()
      const response = await post(`${url}/wait`, '{}', { signal: controller.signal })
      await response.body?.getReader().read()
      controller.abort()
      await left.opened
      expect(seen).toEqual([bug])
    })
  })

  describe('a client that leaves', () => {
    test('aborts the signal, and a handler that waits on it cleans up within 100 ms', TIMED, async () => {
      const waiting = gate()
      const cleaned = gate<number>()
      const router = {
        wait: os.handler(async function* ({ signal }) {
          try {
            yield 'first'
            waiting.open()
            await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
          } finally {
            cleaned.open(performance.now())
          }
        }),
      }
      const { url } = await start(router)
      const controller = new AbortController()
      const response = await post(`${url}/wait`, '{}', { signal: controller.signal })
      await response.body?.getReader().read()
      await waiting.opened
      const leftAt = performance.now()
      controller.abort()
      expect((await cleaned.opened) - leftAt).toBeLessThan(100)
    })

    test('releases a handler that stands at a yield', async () => {
      const cleaned = gate()
      const router = {
        flood: os.handler(async function* () {
          try {
            for (;;) yield 'x'.repeat(64 * 1024)
          } finally {
            cleaned.open()
          }
        }),
      }
      const { url } = await start(router)
      const controller = new AbortController()
      await post(`${url}/flood`, '{}', { signal: controller.signal })
      controller.abort()
      await cleaned.opened
    })

    test('aborts the signal of a plain call too', async () => {
      const called = gate()
      const aborted = gate()
      const router = {
        slow: os.handler(async ({ signal }) => {
          signal.addEventListener('abort', () => aborted.open())
          called.open()
          await aborted.opened
        }),
      }
      const { url } = await start(router)
      const controller = new AbortController()
      const call = post(`${url}/slow`, '{}', { signal: controller.signal })
      await called.opened
      controller.abort()
      await expect(call).rejects.toThrow()
      await aborted.opened
    })
  })

  describe('gaps', () => {
    test.each(gapChecks.filter(({ plain }) => !plain))('$name', async ({ run }) => {
      const { url, server } = await start(createGapRouter())
      const client = createClient(new RPCLink({ url, backoff: { initialDelay: 1, maxDelay: 5 } }))
      await run({ client, name: 'room', cut: () => server.closeAllConnections() })
    })

    test('are comments to those who know nothing of them', async () => {
      const { url } = await start(createGapRouter())
      for (let n = 1; n <= 5; n++) await post(`${url}/publish`, `{"json":{"channel":"room","n":${n}}}`)
      const response = await post(`${url}/whole`, '{"json":{"channel":"room","onGap":"oldest"}}', {
        headers: { ...JSON_TYPE, 'last-event-id': 'gone' },
      })
      const reader = (response.body as ReadableStream<Uint8Array>).getReader()
      const decoder = new TextDecoder()
      let text = ''
      while (!text.includes('data:')) text += decoder.decode((await reader.read()).value)
      await reader.cancel()
      expect(text).toMatch(
        /^: \n\n: gap \{"json":\{"reason":"epoch","lastEventId":"gone",.*\nid: (\w+:3:-)\n\nevent: message\n/,
      )
    })
  })
}
