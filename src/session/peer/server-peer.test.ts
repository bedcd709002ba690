import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RawPeer } from '../../../test/tools/connection-pair.ts'
import { collectUnhandled } from '../../../test/tools/consumed-stream.ts'
import { gate } from '../../../test/tools/gate.ts'
import { settle } from '../../../test/tools/probes.ts'
import { os } from '../../server/builder.ts'
import { RPCPeers } from './rpc-peers.ts'

/** Calls that wait, by the order in which they came: whether each was aborted. */
let waiting: AbortSignal[]
let executed: number
let peers: RPCPeers

const router = {
  ping: os.handler(() => {
    executed++
    return 'pong'
  }),
  size: os.handler(({ input }) => String(input).length),
  wait: os.handler(async ({ signal }) => {
    waiting.push(signal)
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  }),
  sum: os.handler(async ({ input }) => {
    let sum = 0
    for await (const value of input as AsyncIterable<number>) sum += value
    return sum
  }),
  ignore: os.handler(() => 'ignored'),
  long: os.handler(() => 'x'.repeat(300_000)),
  count: os.handler(async function* ({ input }) {
    for (let value = 0; value < (input as number); value++) yield 'x'.repeat(1000)
  }),
}

beforeEach(() => {
  waiting = []
  executed = 0
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
  peers = new RPCPeers(router, { maxFrameSize: 1024 * 1024 })
})

afterEach(() => {
  vi.useRealTimers()
})

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await settle()
}

const answer = (i: string, json: unknown): object => ({ i, p: { b: { json } } })

const malformed: [string, string | Uint8Array][] = [
  ['text that is no JSON', '{"i":'],
  ['nothing', ''],
  ['a list', '[]'],
  ['null', 'null'],
  ['a number', '42'],
  ['a request without a path', '{"i":"1"}'],
  ['a request whose path is a number', '{"i":"1","p":{"u":1}}'],
  ['an empty path', '{"i":"1","p":{"u":""}}'],
  ['a path without a slash', '{"i":"1","p":{"u":"ping"}}'],
  ['a payload that is a list', '{"i":"1","p":[]}'],
  ['an id that is a number', '{"i":1,"p":{"u":"/ping"}}'],
  ['an id of 257 characters', JSON.stringify({ i: 'i'.repeat(257), p: { u: '/ping' } })],
  ['headers that are text', '{"i":"1","p":{"u":"/ping","h":"x"}}'],
  ['headers that are a list', '{"i":"1","p":{"u":"/ping","h":["x"]}}'],
  ['headers that are null', '{"i":"1","p":{"u":"/ping","h":null}}'],
  ['a header that is a number', '{"i":"1","p":{"u":"/ping","h":{"x":1}}}'],
  ['a header that is deep', `{"i":"1","p":{"u":"/ping","h":{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}}}`],
  ['a method that is a number', '{"i":"1","p":{"u":"/ping","m":1}}'],
  ['a type that is text', '{"i":"1","t":"3"}'],
  ['a type that is a fraction', '{"i":"1","t":1.5}'],
  ['a type that nobody knows', '{"i":"1","t":99}'],
  ['bytes that are junk', new Uint8Array([0, 1, 2, 200, 254])],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
  ['the delimiter alone', new Uint8Array([0xff])],
  ['a hello whose headers are none', JSON.stringify({ i: '~', p: { u: '/~headwater.1', h: { 'x y': 'z' } } })],
  ['chunks of text and bytes', '(1 {'],
]

test.each(malformed)('%s closes the connection with 4400 and harms no other', async (_, frame) => {
  const neighbour = new RawPeer(peers)
  const hostile = new RawPeer(peers)
  const unhandled = await collectUnhandled(async () => {
    hostile.send(frame as never)
    if (frame === '(1 {') hostile.send(new TextEncoder().encode(')1 }') as never)
    await settled()
  })
  expect(unhandled).toEqual([])
  expect(hostile.closed).toMatchObject({ code: 4400 })
  expect(hostile.closed?.reason).toMatch(/^[ -~]{10,123}$/)
  expect(executed).toBe(0)
  neighbour.send({ i: '1', p: { u: '/ping', b: {} } })
  await settled()
  expect(neighbour.frames()).toEqual([answer('1', 'pong')])
})

test.each([
  ['an unknown procedure', { u: '/none' }, 404],
  ['two slashes', { u: '//ping' }, 404],
  ['an inherited name', { u: '/constructor' }, 404],
  ['__proto__', { u: '/__proto__/ping' }, 404],
  ['an encoding that is none', { u: '/%zz' }, 404],
  ['a GET of what is not for it', { u: '/ping', m: 'GET' }, 405],
  ['another method', { u: '/ping', m: 'BREW' }, 405],
  ['a message that is none', { u: '/ping', b: [] }, 400],
  ['a form that is none', { u: '/ping', b: {}, h: { 'content-type': 'multipart/form-data' } }, 200],
  ['a resume after too long an id', { u: '/ping', h: { 'last-event-id': 'x'.repeat(300) } }, 400],
  ['meta that leads to __proto__', { u: '/size', b: { json: {}, meta: [[0, '__proto__', 'x']] } }, 400],
])('%s is answered, and the connection lives on', async (_, payload, status) => {
  const raw = new RawPeer(peers)
  raw.send({ i: '1', p: payload })
  raw.send({ i: '2', p: { u: '/ping', b: {} } })
  await settled()
  const first = raw.frames().find(({ i }) => i === '1')
  expect(first.p.s ?? 200).toBe(status)
  expect(raw.frames()).toContainEqual(answer('2', 'pong'))
  expect(raw.closed).toBeUndefined()
})

test('a whole URL is taken for its path, and odd headers for what they are', async () => {
  const raw = new RawPeer(peers)
  raw.send({ i: '1', p: { u: 'http://elsewhere.test/ping?x=1', b: {} } })
  raw.send('{"i":"2","p":{"u":"/ping","b":{},"h":{"__proto__":"x","constructor":"y","a b\\n":"z"}}}')
  await settled()
  expect(raw.frames()).toEqual([answer('1', 'pong'), answer('2', 'pong')])
  expect(({} as { x?: unknown }).x).toBeUndefined()
})

test('frames for calls that do not exist are passed over', async () => {
  const raw = new RawPeer(peers)
  for (const t of [3, 4, 8]) raw.send({ i: 'none', t, p: { e: 'message', d: { json: 1 }, n: 5 } })
  raw.send('+none x')
  raw.send(')none x')
  raw.send({ i: '1', p: { u: '/ping', b: {} } })
  await settled()
  expect(raw.closed).toBeUndefined()
  expect(raw.frames()).toEqual([answer('1', 'pong')])
})

test('a frame over the limit closes with 1009', async () => {
  for (const frame of ['x'.repeat(1024 * 1024 + 1), new Uint8Array(1024 * 1024 + 1)]) {
    const raw = new RawPeer(peers)
    raw.send(frame)
    await settled()
    expect(raw.closed).toMatchObject({ code: 1009 })
  }
})

test('chunks that would make a frame over the limit close with 1009', async () => {
  const raw = new RawPeer(peers)
  raw.send(`(1 ${'x'.repeat(700_000)}`)
  raw.send(`+1 ${'x'.repeat(700_000)}`)
  await settled()
  expect(raw.closed).toMatchObject({ code: 1009 })
})

test('10,000 frames that are begun and never ended close the connection', async () => {
  const raw = new RawPeer(peers)
  for (let id = 0; id < 10_000; id++) raw.send(`(${id} x`)
  await settled()
  expect(raw.closed).toMatchObject({ code: 4400 })
})

test('the id of a call that is under way closes with 4409; that of one that has ended may come again', async () => {
  const raw = new RawPeer(peers)
  raw.send({ i: '1', p: { u: '/ping', b: {} } })
  await settled()
  raw.send({ i: '1', p: { u: '/wait', b: {} } })
  await settled()
  expect(raw.closed).toBeUndefined()
  raw.send({ i: '1', p: { u: '/ping', b: {} } })
  await settled()
  expect(raw.closed).toMatchObject({ code: 4409 })
  expect(waiting[0]?.aborted).toBe(true)
})

test('of 10,000 calls at once, those over the limit are refused, and the others go on', async () => {
  const raw = new RawPeer(peers)
  for (let id = 0; id < 10_000; id++) raw.send({ i: String(id), p: { u: '/wait', b: {} } })
  await settled()
  expect(waiting).toHaveLength(1000)
  expect(raw.frames()).toHaveLength(9000)
  expect(raw.frames().every(({ p }) => p.s === 429 && p.b.json.code === 'TOO_MANY_REQUESTS')).toBe(true)
  raw.send({ i: '0', t: 4 })
  raw.send({ i: 'next', p: { u: '/ping', b: {} } })
  await settled()
  expect(raw.frames().at(-1)).toEqual(answer('next', 'pong'))
})

test('who asks for signs of life and reads none is not given any more of them', async () => {
  const raw = new RawPeer(peers)
  raw.pair.client.send('{"t":6}')
  await settled()
  expect(raw.frames()).toEqual([{ t: 7 }])
  // Nothing that the server sends gets through from here on.
  Object.defineProperty(raw.pair.server, 'buffered', { get: () => 300_000 })
  const before = raw.pair.server.sent.length
  for (let count = 0; count < 1000; count++) raw.send('{"t":6}')
  await settled()
  expect(raw.pair.server.sent).toHaveLength(before)
})

test('leaving in the midst of a long answer takes back the rest of it, and the connection lives on', async () => {
  const raw = new RawPeer(peers, { protocol: 'headwater.1' })
  raw.send({ i: '1', p: { u: '/long', b: {} } })
  raw.pair.onFrame = (from, frame) => {
    if (from === raw.pair.server && String(frame).startsWith('(1')) {
      raw.pair.client.sent.length = 0
      raw.send({ i: '1', t: 4 })
    }
    return true
  }
  Object.defineProperty(raw.pair.server, 'buffered', { value: 0, writable: true })
  const send = raw.pair.server.send.bind(raw.pair.server)
  raw.pair.server.send = (frame) => {
    send(frame)
    // Room for one chunk at a time.
    if (String(frame).startsWith('(1')) Object.assign(raw.pair.server, { buffered: 300_000 })
  }
  await settled()
  Object.assign(raw.pair.server, { buffered: 0 })
  raw.send({ i: '2', p: { u: '/ping', b: {} } })
  await settled()
  const heads = raw.received.map((frame) => String(frame).slice(0, 3))
  expect(heads.filter((head) => head.startsWith('(1'))).toHaveLength(1)
  expect(heads).not.toContain(')1 ')
  expect(raw.received.at(-1)).toBe(JSON.stringify(answer('2', 'pong')))
})

test('an upload that is left in the midst of its chunks is forgotten', async () => {
  const raw = new RawPeer(peers)
  raw.send('(1 {"i":"1",')
  raw.send({ i: '1', t: 4 })
  raw.send('+1 "p":')
  raw.send(')1 {}}')
  raw.send({ i: '2', p: { u: '/ping', b: {} } })
  await settled()
  expect(raw.closed).toBeUndefined()
  expect(raw.frames()).toEqual([answer('2', 'pong')])
})

test.each(['-5', 'null', '"x"', '{}', '[1e9]', '1e400', '-1e400', '0.5'])('credit of %s changes nothing', async (n) => {
  const raw = new RawPeer(peers, { protocol: 'headwater.1' })
  raw.send({ i: '1', p: { u: '/count', b: { json: 1000 } } })
  await settled()
  for (let turn = 0; turn < 100; turn++) await settled()
  const before = raw.received.length
  expect(before).toBeGreaterThan(200)
  expect(before).toBeLessThan(300)
  raw.send(`{"i":"1","t":8,"p":{"n":${n}}}`)
  for (let turn = 0; turn < 100; turn++) await settled()
  expect(raw.received).toHaveLength(before)
  raw.send({ i: '1', t: 8, p: { n: 10_000 } })
  for (let turn = 0; turn < 20; turn++) await settled()
  expect(raw.received.length).toBeGreaterThan(before)
  expect(raw.received.length).toBeLessThan(before + 15)
})

test('a plain peer knows no credit and gets all as fast as the connection takes it', async () => {
  const raw = new RawPeer(peers)
  raw.send({ i: '1', p: { u: '/count', b: { json: 1000 } } })
  await vi.waitFor(() => expect(raw.frames().at(-1).p.e).toBe('done'))
  expect(raw.received).toHaveLength(1002)
})

test('a stream of input arrives, and its call is told when nobody wants more of it', async () => {
  const raw = new RawPeer(peers)
  const h = { 'content-type': 'text/event-stream' }
  raw.send({ i: '1', p: { u: '/sum', h } })
  raw.send({ i: '1', t: 3, p: { e: 'message', d: { json: 1 } } })
  raw.send({ i: '1', t: 3, p: { e: 'message', d: { json: 2 } } })
  raw.send({ i: '1', t: 3, p: { e: 'done', d: {} } })
  raw.send({ i: '2', p: { u: '/ignore', h } })
  await settled()
  expect(raw.frames()).toEqual(expect.arrayContaining([answer('1', 3), answer('2', 'ignored'), { i: '2', t: 4 }]))
})

test('a stream of input that nobody reads fails before it fills the memory', async () => {
  const stuck = gate()
  const peers = new RPCPeers(
    {
      slow: os.handler(async ({ input }) => {
        await stuck.opened
        for await (const _ of input as AsyncIterable<string>);
      }),
    },
    {},
  )
  const raw = new RawPeer(peers)
  raw.send({ i: '1', p: { u: '/slow', h: { 'content-type': 'text/event-stream' } } })
  for (let count = 0; count < 200; count++) {
    raw.send({ i: '1', t: 3, p: { e: 'message', d: { json: 'x'.repeat(10_000) } } })
  }
  await settled()
  expect(raw.frames()).toEqual([{ i: '1', t: 4 }])
  stuck.open()
  await settled()
  expect(raw.frames().at(-1)).toMatchObject({ i: '1', p: { s: 413 } })
})

test('hello may be said twice', async () => {
  const raw = new RawPeer(peers)
  raw.send({ i: '~', p: { u: '/~headwater.1' } })
  raw.send({ i: '~', p: { u: '/~headwater.1', b: 7, h: { x: 'z' } } })
  raw.send({ i: '1', p: { u: '/ping', b: {} } })
  await settled()
  expect(raw.closed).toBeUndefined()
  const frames = raw.frames()
  expect(frames.filter(({ t }) => t === 5)).toHaveLength(1)
  expect(frames).toContainEqual(answer('1', 'pong'))
})

test('a connection that ends aborts its calls and leaves no timer behind', async () => {
  const raw = new RawPeer(peers)
  raw.send({ i: '1', p: { u: '/wait', b: {} } })
  raw.send({ i: '2', p: { u: '/count', b: { json: 1e9 } } })
  await settled()
  raw.pair.cut()
  await settled()
  expect(waiting[0]?.aborted).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

test('who comes while the handler drains is sent elsewhere at once', async () => {
  const busy = new RawPeer(peers)
  busy.send({ i: '1', p: { u: '/wait', b: {} } })
  await settled()
  const drained = peers.drain({ timeout: 1000 })
  const plain = new RawPeer(peers)
  const speaking = new RawPeer(peers, { protocol: 'headwater.1' })
  await settled()
  expect(plain.closed).toMatchObject({ code: 4000 })
  // It is told, and closes by itself when nothing that it has sent is still on its way.
  expect(speaking.frames()).toContainEqual({ t: 9 })
  expect([busy.closed, speaking.closed]).toEqual([undefined, undefined])
  await vi.advanceTimersByTimeAsync(1000)
  await drained
  await settled()
  expect(busy.closed).toMatchObject({ code: 4000 })
  expect(speaking.closed).toMatchObject({ code: 4000 })
  expect(vi.getTimerCount()).toBe(0)
})
