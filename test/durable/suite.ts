import { createClient, type EventGapData, getEventMeta, RPCError } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { DurableEventIteratorLinkPlugin } from 'headwater/durable/client'
import { SignJWT } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { later, rejection, take } from '../tools/probes.ts'
import { MONEY, Money } from './rooms.ts'
import type { RoomStream, TestClient } from './test-client.ts'

/** Where the worker of `worker.ts` runs. */
export interface DurableHost {
  /** `http://{host}:{port}` of each of its processes. */
  readonly urls: readonly string[]
  /** Does to an object, or to the first process, what it may not lose an event by. */
  readonly disturb: (room: string) => Promise<void>
}

interface HostTraits {
  /** Whether a client that comes back after the retention finds nothing, or may still find something. */
  readonly forgetsAtOnce: boolean
  /** Whether an object lives in several processes, each of which has its own clients before it. */
  readonly spread: boolean
}

const links: { close(): void }[] = []
let rooms = 0

/** A name that no other test uses. */
const newRoom = (prefix = 'room'): string => `${prefix}-${process.pid}-${++rooms}`

interface Connected {
  readonly client: TestClient
  /** The sockets that the plugin has opened. */
  readonly sockets: WebSocket[]
  /** What the link was told of. */
  readonly gaps: EventGapData[]
}

const BACKOFF = { initialDelay: 20, maxDelay: 100 }

const eventually = (probe: () => unknown): Promise<unknown> => vi.waitFor(probe, { timeout: 10_000, interval: 20 })

/** What every host of objects has to do. */
export function durableSuite(hostOf: () => DurableHost, { forgetsAtOnce, spread }: HostTraits): void {
  let turn = 0

  /** To one process after the other. */
  function connect(path = '/room', index = turn++): Connected {
    const { urls } = hostOf()
    const url = urls[index % urls.length] as string
    const sockets: WebSocket[] = []
    const gaps: EventGapData[] = []
    let isOver = false
    const plugin = new DurableEventIteratorLinkPlugin({
      url: `${url.replace('http', 'ws')}${path}`,
      backoff: BACKOFF,
      customJsonSerializers: [MONEY],
      connect: (url, protocols) => {
        if (isOver) throw new RPCError('FORBIDDEN', { message: 'The test is over' })
        const socket = new WebSocket(url, protocols)
        sockets.push(socket)
        return socket as never
      },
    })
    const end = (): void => {
      isOver = true
      for (const socket of sockets) socket.terminate()
    }
    links.push({ close: end })
    const onGap = (gap: EventGapData): void => void gaps.push(gap)
    const link = new RPCLink({ url: `${url}/rpc`, plugins: [plugin], backoff: BACKOFF, onGap })
    return { client: createClient(link), sockets, gaps }
  }

  /** Of any process: what is told to an object reaches the clients of all. */
  const tell = (room: string, method: string, ...args: unknown[]): Promise<any> =>
    connect('/room').client.tell({ room, method, args })

  const eachProcess = <Result>(ask: (client: TestClient) => Promise<Result>): Promise<Result[]> =>
    Promise.all(hostOf().urls.map((_, index) => ask(connect('/room', index).client)))

  const sum = (numbers: readonly number[]): number => numbers.reduce((one, other) => one + other, 0)

  /** How many sockets a room has in all processes. */
  const count = async (room: string, ...args: unknown[]): Promise<number> =>
    sum((await eachProcess((client) => client.tell({ room, method: 'count', args }))) as number[])

  const configure = (input: { key?: string; refused?: boolean; kept?: boolean }): Promise<unknown> =>
    eachProcess((client) => client.configure(input))

  const observe = async (): Promise<{ constructed: number; called: number; tokens: number }> => {
    const all = await eachProcess((client) => client.observe())
    return {
      constructed: sum(all.map(({ constructed }) => constructed)),
      called: sum(all.map(({ called }) => called)),
      tokens: sum(all.map(({ tokens }) => tokens)),
    }
  }

  const tellBrief = (room: string, method: string, ...args: unknown[]): Promise<any> =>
    connect('/room').client.tell({ room, brief: true, method, args })

  const texts = async (stream: AsyncIterator<{ text: string }, any>, count: number): Promise<string[]> =>
    (await take(stream as AsyncIterator<{ text: string }, void>, count)).map(({ text }) => text)

  afterEach(async () => {
    for (const link of links.splice(0)) link.close()
    await configure({ key: 'room-key', refused: false, kept: false })
  })

  describe('the seed', () => {
    test('its room: messages reach all clients, and those who come back', { timeout: 30_000 }, async () => {
      const { client } = connect('/chat-room')
      const iterator = await client.onMessage()
      await client.sendMessage({ message: 'Hello, world!' })
      for await (const { message } of iterator) {
        expect(message).toBe('Hello, world!')
        break
      }
    })

    test('its interactive room: methods, nested methods, attachments', { timeout: 30_000 }, async () => {
      const [one, other] = [connect('/interactive-chat-room').client, connect('/interactive-chat-room').client]
      const iterator = await one.onInteractiveMessage()
      const others = await other.onInteractiveMessage()

      await iterator.publishMessage({ message: 'Hello, world!' })
      expect(await others.next()).toEqual({ done: false, value: { message: 'Hello, world!' } })
      await others.publishMessage({ message: 'Hello back' })
      expect(await iterator.next()).toEqual({ done: false, value: { message: 'Hello back' } })

      const response = await iterator.router.ping()
      expect(response).toBe('pong')
      const echo = await iterator.router.echo({ text: 'Hello' })
      expect(echo).toBe('Echo: Hello')
      await iterator.return()
      await others.return()
    })
  })

  describe('an iterator', () => {
    test('gives events with ids, and what was missed while its socket was cut', async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      const stream = await client.open({ room })
      await tell(room, 'say', 'one')
      const { value: one } = await stream.next()
      expect([one, getEventMeta(one)]).toEqual([{ text: 'one' }, { id: expect.any(String) }])
      const next = later(texts(stream, 3))
      sockets.at(-1)?.terminate()
      for (const text of ['two', 'three', 'four']) await tell(room, 'say', text)
      expect(await next).toEqual(['two', 'three', 'four'])
      await stream.return()
    })

    test('that has seen nothing yet misses nothing either', async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      const stream = await client.open({ room })
      const next = later(stream.next())
      sockets.at(-1)?.terminate()
      await tell(room, 'say', 'one')
      expect((await next).value).toEqual({ text: 'one' })
    })

    test('begins where its token was issued, not where the log begins', { timeout: 20_000 }, async () => {
      const room = newRoom()
      await tell(room, 'say', 'long ago')
      await new Promise((resolve) => setTimeout(resolve, 2_100))
      const { client } = connect()
      const stream = await client.open({ room })
      await tell(room, 'say', 'now')
      expect(await texts(stream, 1)).toEqual(['now'])
    })

    test('goes on after an id that is given to the call', async () => {
      const room = newRoom()
      const { client } = connect()
      const stream = await client.open({ room })
      for (const text of ['one', 'two', 'three']) await tell(room, 'say', text)
      const [one] = await take(stream as AsyncIterator<object, void>, 1)
      const lastEventId = getEventMeta(one)?.id
      const again = await connect().client.open({ room }, { lastEventId })
      expect(await texts(again, 2)).toEqual(['two', 'three'])
    })

    test('fails with a gap after an id of no history', async () => {
      const room = newRoom()
      for (const lastEventId of ['nonsense', 'abcdefghijkl:1:abcdef']) {
        const stream = await connect().client.open({ room }, { lastEventId })
        expect(await rejection(stream.next())).toMatchObject({ code: 'EVENT_GAP', data: { lastEventId } })
      }
    })

    test.each([
      ['oldest', ['one', 'two', 'three']],
      ['now', ['three']],
    ] as const)('goes on over a gap with %s, where its object says so, and is told of it', async (policy, expected) => {
      const room = newRoom(`over-${policy}`)
      for (const text of ['one', 'two']) await tell(room, 'say', text)
      const { client, gaps } = connect()
      const own: EventGapData[] = []
      const lastEventId = 'abcdefghijkl:1:abcdef'
      const stream = await client.open({ room }, { lastEventId, onGap: (gap) => void own.push(gap) })
      const seen = later(texts(stream, expected.length))
      await eventually(() => expect(own).toHaveLength(1))
      await tell(room, 'say', 'three')
      expect(await seen).toEqual(expected)
      expect(own).toEqual([expect.objectContaining({ reason: 'epoch', lastEventId, head: expect.any(String) })])
      expect(gaps).toEqual(own)
    })

    test('tells its states as any stream does: never that it is closed before it is', async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      const states: string[] = []
      const onConnectionState = ({ status }: { status: string }): void => void states.push(status)
      const stream = await client.open({ room }, { onConnectionState })
      const next = later(stream.next())
      await eventually(() => expect(states.at(-1)).toBe('open'))
      sockets.at(-1)?.terminate()
      await tell(room, 'say', 'one')
      await next
      expect(states).toContain('waiting')
      expect(states).not.toContain('closed')
      await stream.return()
      expect(states.at(-1)).toBe('closed')
      const plain: string[] = []
      await client.observe(undefined, { onConnectionState: ({ status }) => void plain.push(status) })
      expect(plain).toEqual(['connecting', 'closed'])
    })

    test('has the methods that its token allows, also after it was left, and no others', async () => {
      const room = newRoom()
      const { client } = connect()
      const stream: RoomStream = await client.open({ room, methods: ['publishMessage', 'router'] })
      expect(Object.keys(stream).filter((key) => !key.startsWith('~'))).toEqual(['publishMessage', 'router'])
      expect(await stream.router.ping()).toBe('pong')
      await stream.return()
      expect(await stream.router.deep.mood('good')).toBeUndefined()
    })

    test('carries what JSON does not know, types of the application, files and streams', async () => {
      const room = newRoom()
      const stream: RoomStream = await connect().client.open({ room, methods: ['router'] })
      await tell(room, 'pay', 5)
      const more = { at: new Date(0), total: 2n ** 64n, price: new Money(5) }
      expect((await stream.next()).value).toEqual({ text: 'paid', more })
      const again = await connect().client.open({ room, methods: ['router'] })
      expect((await again.next()).value).toEqual({ text: 'paid', more })
      const { deep } = stream.router
      expect(await deep.double(new Money(21))).toEqual(new Money(42))
      expect(await deep.read(new Blob(['a file']))).toBe('a file')
      const counted: number[] = []
      for await (const number of await deep.count()) counted.push(number)
      expect(counted).toEqual([1, 2])
      for (const each of [stream, again]) await each.return()
    })

    test('gets what the interceptors of its object make of its calls', async () => {
      const stream = await connect().client.open({ room: newRoom(), methods: ['router'] })
      expect(await rejection(stream.router.broken())).toMatchObject({ code: 'CONFLICT', message: 'It broke in call' })
      expect(await stream.router.ping()).toBe('pong')
      await stream.return()
    })

    test('shares one socket with those of the same token', async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      const [one, other] = [await client.open({ room, userId: 'Ada' }), await client.open({ room, userId: 'Ada' })]
      const third = await client.open({ room, userId: 'Bob' })
      expect(sockets).toHaveLength(2)
      expect(await count(room)).toBe(2)
      await tell(room, 'say', 'to all')
      for (const stream of [one, other, third]) expect(await texts(stream, 1)).toEqual(['to all'])
      await one.return()
      await tell(room, 'say', 'to those who stay')
      for (const stream of [other, third]) expect(await texts(stream, 1)).toEqual(['to those who stay'])
      await other.return()
      await eventually(async () => expect(await count(room)).toBe(1))
    })

    test('ends with the signal of its call', async () => {
      const room = newRoom()
      const leaving = new AbortController()
      const stream = await connect().client.open({ room }, { signal: leaving.signal })
      const next = later(stream.next())
      leaving.abort(new Error('Enough'))
      await expect(next).rejects.toThrow('Enough')
      await eventually(async () => expect(await count(room)).toBe(0))
    })

    test('is told of its subscription by onSubscribed, and reached from there', async () => {
      const room = newRoom('greeting')
      const { client, sockets } = connect()
      const stream = await client.open({ room })
      expect(await texts(stream, 1)).toEqual(['welcome'])
      const next = later(texts(stream, 1))
      sockets.at(-1)?.terminate()
      expect((await next)[0]).toMatch(/^welcome [0-9a-z]+:1:/)
    })

    test('goes on where onSubscribed throws', async () => {
      const room = newRoom('faulty')
      const stream = await connect().client.open({ room })
      await tell(room, 'say', 'one')
      expect(await texts(stream, 1)).toEqual(['one'])
    })

    test('leaves apart what comes to another room', async () => {
      const [room, other] = [newRoom(), newRoom()]
      const stream = await connect().client.open({ room })
      await tell(other, 'say', 'elsewhere')
      await tell(room, 'say', 'here')
      expect(await texts(stream, 1)).toEqual(['here'])
    })
  })

  test('nobody loses, gets twice or in another order an event while objects and sockets go down', {
    timeout: 60_000,
  }, async () => {
    const room = newRoom()
    const numbers = Array.from({ length: 60 }, (_, index) => String(index + 1))
    const { urls } = hostOf()
    const readers = [0, 0, 1].map((index) => connect('/room', index))
    const streams = await Promise.all(readers.map(({ client }) => client.open({ room })))
    const seen = streams.map((stream) => later(texts(stream, numbers.length)))
    for (const number of numbers) {
      await connect('/room', urls.length - 1).client.tell({ room, method: 'say', args: [number] })
      if (Number(number) % 20 === 10) await hostOf().disturb(room)
      if (Number(number) % 20 === 15) readers[Number(number) % 3]?.sockets.at(-1)?.terminate()
    }
    for (const one of seen) expect(await one).toEqual(numbers)
    // It has been as bad as that.
    expect(readers[0]?.sockets.length).toBeGreaterThan(2)
  })

  describe('an event', () => {
    test('to all others reaches who is away, and never who sent it', async () => {
      const room = newRoom()
      const [ada, bob] = [connect(), connect()]
      const mine = await ada.client.open({ room, userId: 'Ada', methods: ['publishMessage'] })
      const theirs = await bob.client.open({ room, userId: 'Bob' })
      const next = later(texts(theirs, 2))
      bob.sockets.at(-1)?.terminate()
      await (mine as any).publishMessage({ text: 'to the others' })
      await tell(room, 'say', 'to all')
      expect(await next).toEqual(['to the others', 'to all'])
      ada.sockets.at(-1)?.terminate()
      expect(await texts(mine, 1)).toEqual(['to all'])
    })

    test.skipIf(spread)(
      'to those whom a filter knows by their attachment reaches nobody else, now or later',
      async () => {
        const room = newRoom()
        const [ada, bob, carol] = [connect(), connect(), connect()]
        const streams = {
          ada: await ada.client.open({ room, userId: 'Ada' }),
          bob: await bob.client.open({ room, userId: 'Bob' }),
          carol: await carol.client.open({ room, userId: 'Carol' }),
        }
        const away = later(texts(streams.carol, 1))
        carol.sockets.at(-1)?.terminate()
        await tell(room, 'whisper', 'Bob', 'for Bob')
        const late = await connect().client.open({ room, userId: 'Dora' })
        await tell(room, 'say', 'for all')
        expect(await texts(streams.bob, 2)).toEqual(['for Bob', 'for all'])
        expect(await texts(streams.ada, 1)).toEqual(['for all'])
        expect(await away).toEqual(['for all'])
        expect(await texts(late, 1)).toEqual(['for all'])
      },
    )

    test.skipIf(spread)('for a socket is kept for it, should it be cut before it gets it', async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      const stream = await client.open({ room, userId: 'Bob' })
      await tell(room, 'whisper', 'Bob', 'one')
      expect(await texts(stream, 1)).toEqual(['one'])
      // Between the cut and its discovery the object still counts it.
      sockets.at(-1)?.pause()
      await tell(room, 'whisper', 'Bob', 'two')
      const next = later(texts(stream, 2))
      sockets.at(-1)?.terminate()
      await tell(room, 'say', 'three')
      expect(await next).toEqual(['two', 'three'])
    })

    test('for tags reaches the tokens with one of them, also those who come later', async () => {
      const room = newRoom()
      const plain = await connect().client.open({ room })
      const vip = await connect().client.open({ room, tags: ['vip', 'other'] })
      await tell(room, 'tell', 'vip', 'for some')
      const late = await connect().client.open({ room, tags: ['vip'] })
      await tell(room, 'say', 'for all')
      expect(await texts(vip, 2)).toEqual(['for some', 'for all'])
      expect(await texts(late, 2)).toEqual(['for some', 'for all'])
      expect(await texts(plain, 1)).toEqual(['for all'])
      expect(await count(room, 'vip')).toBe(2)
    })

    test.skipIf(spread)('that excludes sockets reaches all but those', async () => {
      const room = newRoom()
      const [ada, bob] = [connect().client, connect().client]
      const streams = [await ada.open({ room, userId: 'Ada' }), await bob.open({ room, userId: 'Bob' })] as const
      await tell(room, 'spare', 'Ada', 'not for Ada')
      await tell(room, 'say', 'for all')
      expect(await texts(streams[0], 1)).toEqual(['for all'])
      expect(await texts(streams[1], 2)).toEqual(['not for Ada', 'for all'])
    })
  })

  describe('what is kept of events', () => {
    test('ends with its time, which is a gap for who comes back too late; ids go on', { timeout: 30_000 }, async () => {
      const room = newRoom('brief')
      const { client, sockets } = connect('/brief-room')
      const stream = await client.openBrief({ room })
      await tellBrief(room, 'say', 'one')
      const { value: one } = await stream.next()
      const id = String(getEventMeta(one)?.id)
      await stream.return()
      await tellBrief(room, 'say', 'two')
      await new Promise((resolve) => setTimeout(resolve, 3_500))
      const late = await client.openBrief({ room }, { lastEventId: id })
      const gap = { code: 'EVENT_GAP', data: { reason: 'trimmed', lastEventId: id } }
      const found = await late.next().catch((error) => error)
      // What is still at hand may be given: there is no hole then.
      if (forgetsAtOnce || 'code' in found) expect(found).toMatchObject(gap)
      else expect(found.value).toEqual({ text: 'two' })
      const fresh = await client.openBrief({ room })
      await tellBrief(room, 'say', 'three')
      const { value: three } = await fresh.next()
      expect(three).toEqual({ text: 'three' })
      const [[epoch, offset], [laterEpoch, laterOffset]] = [id.split(':'), String(getEventMeta(three)?.id).split(':')]
      expect([laterEpoch, Number(laterOffset)]).toEqual([epoch, Number(offset) + 2])
      expect(sockets.length).toBeGreaterThan(1)
    })

    test('is no gap for whom nothing of it was meant', { timeout: 30_000 }, async () => {
      const room = newRoom('brief')
      const { client, sockets } = connect('/brief-room')
      const stream = await client.openBrief({ room })
      for (let count = 0; count < 3; count++) await tellBrief(room, 'tell', 'others', 'not for you')
      await new Promise((resolve) => setTimeout(resolve, 3_500))
      const next = later(stream.next())
      sockets.at(-1)?.terminate()
      await eventually(() => expect(sockets.length).toBe(2))
      await tellBrief(room, 'say', 'for you')
      expect((await next).value).toEqual({ text: 'for you' })
    })
  })

  describe('a client is refused', () => {
    interface Attempt {
      readonly token: string
      readonly path?: string
    }

    const now = (): number => Math.floor(Date.now() / 1000)

    async function sign(claims: Record<string, unknown> = {}, key = 'room-key'): Promise<string> {
      return new SignJWT({ chn: 'room', att: {}, tags: [], rpc: [], iat: now(), exp: now() + 60, ...claims })
        .setProtectedHeader({ alg: 'HS256', typ: 'durable+jwt' })
        .sign(new TextEncoder().encode(key))
    }

    /** Gives the close code. Fails when anything is said to the client before. */
    async function attempt({ token, path = '/room' }: Attempt): Promise<number> {
      const url = `${(hostOf().urls[0] as string).replace('http', 'ws')}${path}`
      const socket = new WebSocket(url, ['headwater.1', ...(token === '' ? [] : [`headwater.token.${token}`])])
      links.push({ close: () => socket.terminate() })
      return await new Promise((resolve, reject) => {
        socket.on('close', resolve).on('error', reject)
        socket.on('message', (data) => reject(new Error(`It was let in: ${String(data)}`)))
      })
    }

    const signAs = async (header: { alg: string; typ?: string }): Promise<string> =>
      new SignJWT({ chn: 'room', att: {}, tags: [], rpc: [], iat: now(), exp: now() + 60 })
        .setProtectedHeader(header)
        .sign(new TextEncoder().encode('room-key'))

    const unsigned = async (): Promise<string> => {
      const header = Buffer.from(JSON.stringify({ alg: 'none', typ: 'durable+jwt' })).toString('base64url')
      return `${header}.${(await sign()).split('.')[1]}.`
    }

    /** Without its last characters, or without those of one of its parts. */
    const truncated = async (part: number): Promise<string> =>
      (await sign())
        .split('.')
        .map((text, index) => (index === part ? text.slice(0, -4) : text))
        .join('.')

    const tampered = async (): Promise<string> => {
      const [header, , signature] = (await sign()).split('.')
      const [, body] = (await sign({ rpc: ['secret'] })).split('.')
      return [header, body, signature].join('.')
    }

    test.each<[string, () => Promise<Attempt>, number]>([
      ['without a token', async () => ({ token: '' }), 4401],
      ['with a forged one', async () => ({ token: await sign({}, 'guessed') }), 4401],
      ['with one that was tampered with', async () => ({ token: await tampered() }), 4401],
      ['with a signature that is truncated', async () => ({ token: await truncated(2) }), 4401],
      ['with claims that are truncated', async () => ({ token: await truncated(1) }), 4401],
      ['with a header that is truncated', async () => ({ token: await truncated(0) }), 4401],
      ['with one that lacks its signature', async () => ({ token: (await sign()).split('.', 2).join('.') }), 4401],
      ['with one that nobody has signed', async () => ({ token: await unsigned() }), 4401],
      [
        'with one of another algorithm',
        async () => ({ token: await signAs({ alg: 'HS512', typ: 'durable+jwt' }) }),
        4401,
      ],
      ['with one for something else', async () => ({ token: await signAs({ alg: 'HS256', typ: 'JWT' }) }), 4401],
      ['with something that is none', async () => ({ token: 'nonsense' }), 4401],
      ['with one that never expires', async () => ({ token: await sign({ exp: undefined }) }), 4401],
      ['with one that is not good yet', async () => ({ token: await sign({ nbf: now() + 60 }) }), 4401],
      ['with one for no channel', async () => ({ token: await sign({ chn: undefined }) }), 4401],
      ['with one whose methods are no list', async () => ({ token: await sign({ rpc: 'secret' }) }), 4401],
      ['with a good one in the URL alone', async () => ({ token: '', path: `/room?token=${await sign()}` }), 4401],
      ['with an expired one', async () => ({ token: await sign({ iat: now() - 60, exp: now() - 1 }) }), 4001],
      ['with one for other objects', async () => ({ token: await sign({}, 'secret-key') }), 4401],
      ['with one for another channel', async () => ({ token: await sign(), path: '/past-the-door/other' }), 4403],
      [
        'with a forged one past the door',
        async () => ({ token: await sign({}, 'x'), path: '/past-the-door/room' }),
        4401,
      ],
    ])('%s, before anything of the application runs', async (_, make, code) => {
      const before = await observe()
      const isPast = (await make()).path?.startsWith('/past') ?? false
      expect(await attempt(await make())).toBe(code)
      const after = await observe()
      expect(after.called).toBe(before.called)
      if (!isPast) expect(after.constructed).toBe(before.constructed)
    })

    test('with an answer, where it speaks no headwater.1, or asks for no socket', async () => {
      const [url] = hostOf().urls
      const socket = new WebSocket(`${String(url).replace('http', 'ws')}/room`)
      const status = await new Promise((resolve) => {
        socket.on('unexpected-response', (_, response) => resolve(response.statusCode)).on('error', () => {})
      })
      socket.terminate()
      expect(status).toBe(401)
      expect((await fetch(`${url}/room`)).status).toBe(426)
    })

    test('the methods that its token does not name, and whatever else an object has', async () => {
      const room = newRoom()
      const before = await observe()
      const token = await sign({
        chn: room,
        rpc: ['router', 'constructor', 'fetch', 'alarm', '__proto__', 'publishEvent'],
      })
      const socket = new WebSocket(`${String(hostOf().urls[0]).replace('http', 'ws')}/room`, [
        'headwater.1',
        `headwater.token.${token}`,
      ])
      links.push({ close: () => socket.terminate() })
      const answers = new Map<string, any>()
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data))
        answers.set(frame.i, frame.p)
      })
      await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
      const paths = [
        ['secret'],
        ['publishMessage'],
        ['constructor'],
        ['fetch'],
        ['alarm'],
        ['__proto__'],
        ['publishEvent'],
        ['say'],
        ['router', 'constructor'],
        ['router', 'ping', 'constructor'],
        ['router', 'ping', 'apply'],
        ['router', '__proto__', 'x'],
        ['router'],
        [],
        [7],
      ]
      for (const [index, path] of paths.entries()) {
        socket.send(JSON.stringify({ i: String(index), p: { u: '/call', b: { json: { path, input: {} } } } }))
      }
      await eventually(() => expect([...answers.keys()].filter((id) => id !== undefined)).toHaveLength(paths.length))
      const codes = paths.map((_, index) => answers.get(String(index)).b.json.code)
      expect(codes).toEqual([
        ...Array(8).fill('FORBIDDEN'),
        ...Array(5).fill('NOT_FOUND'),
        'BAD_REQUEST',
        'BAD_REQUEST',
      ])
      expect((await observe()).called).toBe(before.called)
    })
  })

  describe('a token', () => {
    test('is renewed over the open socket before it expires', { timeout: 20_000 }, async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      const before = (await observe()).tokens
      const stream = await client.open({ room, ttl: 6 })
      await eventually(async () => expect((await observe()).tokens).toBeGreaterThanOrEqual(before + 3))
      await tell(room, 'say', 'still here')
      expect(await texts(stream, 1)).toEqual(['still here'])
      await stream.return()
      expect(sockets).toHaveLength(1)
    })

    test('is renewed by a new socket where the object has no key', { timeout: 20_000 }, async () => {
      const room = newRoom('brief')
      const { client, sockets } = connect('/brief-room')
      const stream = await client.openBrief({ room, ttl: 2 })
      await eventually(() => expect(sockets.length).toBeGreaterThan(1))
      await tellBrief(room, 'say', 'still here')
      expect(await texts(stream, 1)).toEqual(['still here'])
      await stream.return()
    })

    test('that is not renewed ends the stream when it expires, with what the procedure says', {
      timeout: 20_000,
    }, async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      const stream = await client.open({ room, ttl: 2 })
      await configure({ refused: true })
      const { tokens } = await observe()
      expect(await rejection(stream.next())).toMatchObject({ code: 'FORBIDDEN', message: 'You are out' })
      expect(sockets).toHaveLength(1)
      expect((await observe()).tokens - tokens).toBeLessThanOrEqual(3)
      await eventually(async () => expect(await count(room)).toBe(0))
    })

    test('that expires again and again costs no event', { timeout: 30_000 }, async () => {
      const numbers = Array.from({ length: 60 }, (_, index) => String(index + 1))
      const [room, brief] = [newRoom(), newRoom('brief')]
      const [one, other] = [connect('/room'), connect('/brief-room')]
      const streams = [await one.client.open({ room, ttl: 2 }), await other.client.openBrief({ room: brief, ttl: 2 })]
      const seen = streams.map((stream) => later(texts(stream, numbers.length)))
      for (const number of numbers) {
        await Promise.all([tell(room, 'say', number), tellBrief(brief, 'say', number)])
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      for (const each of seen) expect(await each).toEqual(numbers)
      expect(other.sockets.length).toBeGreaterThan(2)
      for (const stream of streams) await stream.return()
    })

    test('that expires before a stream is asked for closes the socket, for its client to come with another', {
      timeout: 20_000,
    }, async () => {
      const room = newRoom()
      const url = String(hostOf().urls[0])
      const { '~durable': token } = (await createClient<any>(new RPCLink({ url: `${url}/rpc` })).open({
        room,
        ttl: 2,
      })) as { '~durable': string }
      const socket = new WebSocket(`${url.replace('http', 'ws')}/room`, ['headwater.1', `headwater.token.${token}`])
      links.push({ close: () => socket.terminate() })
      await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
      const answers: unknown[] = []
      socket.on('message', (data) => answers.push(JSON.parse(String(data))))
      const closed = new Promise((resolve) => socket.on('close', resolve))
      // More than once, until it is too late: nobody says when that is.
      let asked = 0
      const asking = setInterval(() => {
        socket.send(JSON.stringify({ i: String(++asked), p: { u: '/subscribe', b: {} } }))
      }, 2)
      try {
        expect(await closed).toBe(4001)
      } finally {
        clearInterval(asking)
      }
      expect(JSON.stringify(answers)).not.toContain('TOKEN_EXPIRED')
    })

    test('of a retired key is replaced when its client comes back', async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      await configure({ key: 'old-room-key' })
      const stream = await client.open({ room })
      await configure({ key: 'room-key' })
      const next = later(texts(stream, 1))
      sockets.at(-1)?.terminate()
      await tell(room, 'say', 'after the rotation')
      expect(await next).toEqual(['after the rotation'])
    })

    test('that no key of the objects has signed ends the call, and is not tried again', async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      await configure({ key: 'of somebody else' })
      const before = (await observe()).tokens
      expect(await rejection(client.open({ room }))).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
      expect(sockets).toHaveLength(1)
      expect((await observe()).tokens).toBe(before + 1)
    })

    test('that has expired and comes again from the procedure is not tried again and again', {
      timeout: 20_000,
    }, async () => {
      const room = newRoom()
      const { client, sockets } = connect()
      await configure({ kept: true })
      const { tokens } = await observe()
      const stream = await client.open({ room, ttl: 2 })
      expect(await rejection(stream.next())).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
      expect(sockets.length).toBeLessThanOrEqual(4)
      expect((await observe()).tokens - tokens).toBeLessThanOrEqual(8)
    })

    test('for another channel is not taken over an open socket', async () => {
      const [room, elsewhere] = [newRoom(), newRoom()]
      const { client, sockets } = connect()
      await client.open({ room })
      const key = new TextEncoder().encode('room-key')
      const sign = (claims: Record<string, unknown>): Promise<string> =>
        new SignJWT({ chn: room, att: {}, tags: [], rpc: [], ...claims })
          .setProtectedHeader({ alg: 'HS256', typ: 'durable+jwt' })
          .setIssuedAt()
          .setExpirationTime('1m')
          .sign(key)
      const socket = sockets[0] as WebSocket
      const answers: any[] = []
      socket.on('message', (data) => answers.push(JSON.parse(String(data))))
      for (const [id, claims] of [{ chn: elsewhere }, { tags: ['vip'] }, {}].entries()) {
        const body = { json: { token: await sign(claims) } }
        socket.send(JSON.stringify({ i: `own-${id}`, p: { u: '/refresh', b: body } }))
      }
      const statusOf = (id: number): number => answers.find(({ i }) => i === `own-${id}`)?.p.s ?? 200
      await eventually(() => expect(answers.filter(({ i }) => String(i).startsWith('own-'))).toHaveLength(3))
      expect([0, 1, 2].map(statusOf)).toEqual([403, 403, 200])
    })
  })
}
