import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RPCError } from '../src/core/error.ts'
import { parseId } from '../src/publisher/position.ts'
import { os } from '../src/server/builder.ts'
import { RPCHandler } from '../src/transport/fetch/rpc-handler.ts'
import { parseMessage } from '../src/wire/message.ts'
import { Serializer } from '../src/wire/serializer.ts'
import { SSEDecoder } from '../src/wire/sse.ts'

/** Name another seed to look elsewhere: `FUZZ_SEED=7 npx vitest run test/fuzz.test.ts`. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)

const recorded: { readonly request: { readonly body: string }; readonly response: { readonly body: string } }[] =
  JSON.parse(readFileSync(join(import.meta.dirname, 'wire/http.json'), 'utf8'))
const messages = recorded
  .flatMap(({ request, response }) => [request.body, response.body])
  .filter((text) => text.startsWith('{'))
const streams = recorded.map(({ response }) => response.body).filter((text) => text.startsWith(':'))

/** What a decoder is likely to trip over. */
const TOKENS = [
  '"__proto__"',
  '"constructor"',
  '"prototype"',
  '"toString"',
  '"length"',
  '[',
  ']',
  '{',
  '}',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  'null',
  '-0',
  '1e999',
  '9'.repeat(30),
  '[[7]]',
  '[[6,"set"]]',
  '"meta":',
  '"maps":',
  '"json":',
  '\0',
  '\ufeff',
  '\r',
  '\n',
  '\r\n',
  'data:',
  'event: done',
  'id:',
  'retry: 1e9',
  '😀',
  '\ud800',
  '['.repeat(100),
  '{"a":'.repeat(100),
] as const

/** A seeded source of chance (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

function* mutate(corpus: readonly string[], count: number): Generator<string> {
  const random = createRandom(SEED)
  for (let n = 0; n < count; n++) {
    let text = corpus[random(corpus.length)] as string
    for (let changes = random(6); changes >= 0; changes--) {
      const [from, to] = [random(text.length + 1), random(text.length + 1)].sort((one, other) => one - other) as [
        number,
        number,
      ]
      const insert = [TOKENS[random(TOKENS.length)], text.slice(from, to), String.fromCharCode(random(0xffff)), ''][
        random(4)
      ]
      text = (text.slice(0, from) + insert + text.slice(random(2) === 0 ? from : to)).slice(0, 5000)
    }
    yield text
  }
}

const unhandled: unknown[] = []
const onUnhandled = (error: unknown): void => void unhandled.push(error)

describe('whatever comes in', { timeout: 120_000 }, () => {
  beforeAll(() => void process.on('unhandledRejection', onUnhandled))
  afterAll(() => void process.off('unhandledRejection', onUnhandled))

  test('a message is decoded or refused with a reason, 60,000 times', () => {
    const serializer = new Serializer()
    let refused = 0
    for (const text of mutate(messages, 60_000)) {
      try {
        const value = parseMessage(serializer, text)
        serializer.encode(value)
      } catch (error) {
        // A mutated message may decode into what cannot be encoded: a key that leads to a prototype stays data.
        if (!(error instanceof RPCError))
          throw new Error(`Neither decoded nor refused: ${JSON.stringify(text)}`, { cause: error })
        expect(error.code).toBe('BAD_REQUEST')
        refused++
      }
    }
    expect(refused).toBeGreaterThan(10_000)
    expect(({} as { x?: unknown }).x).toBeUndefined()
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  test('an event stream is cut into the same blocks however it is chunked, 30,000 times', () => {
    const random = createRandom(SEED)
    for (const text of mutate(streams, 30_000)) {
      const whole = new SSEDecoder().decode(text)
      const cut = random(text.length + 1)
      const decoder = new SSEDecoder()
      const blocks = [...decoder.decode(text.slice(0, cut)), ...decoder.decode(text.slice(cut))]
      expect(blocks).toEqual(whole)
    }
  })

  test('an id parses into what it was made of or not at all, 10,000 times', () => {
    for (const text of mutate(['kx3v9w0q2m1z:42:f81k0c', 'a:0:-', '7'], 10_000)) {
      const position = parseId(text)
      if (position !== undefined) expect(`${position.epoch}:${position.offset}:${position.tag}`).toBe(text)
    }
  })

  test('a handler answers every body with its output or a 4xx, and nothing is left unhandled, 5,000 times', async () => {
    const handler = new RPCHandler({ echo: os.handler(({ input }) => ({ seen: typeof input })) })
    const types = [
      'application/json',
      'multipart/form-data; boundary=x',
      'text/event-stream',
      'text/plain',
      'application/json; charset=x',
    ]
    const random = createRandom(SEED)
    for (const body of mutate([...messages, ...streams], 5_000)) {
      const headers = { 'content-type': types[random(types.length)] as string }
      const request = new Request('http://x.test/echo', { method: 'POST', headers, body })
      const { response } = await handler.handle(request)
      expect([200, 400, 413, 415]).toContain(response?.status)
      await response?.body?.cancel()
    }
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})
