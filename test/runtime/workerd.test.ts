import { setTimeout as sleep } from 'node:timers/promises'
import { createORPCClient } from '@orpc/client'
import { RPCLink as ReferenceRPCLink } from '@orpc/client/websocket'
import { afterAll, beforeAll, describe, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { createClient } from '../../src/client/create-client.ts'
import { getEventMeta } from '../../src/event/event-meta.ts'
import { RPCLink } from '../../src/transport/websocket/rpc-link.ts'
import { runWorkerd, type Workerd } from '../tools/workerd.ts'

/** An object sleeps after 10 s in which nothing has happened and no timer was running. */
const IDLE = 12_000
const TIMEOUT = 30_000

type Stream = AsyncIterableIterator<{ text: string }, unknown, void>

interface Client {
  life(): Promise<string>
  lives(): Promise<number>
  say(input: { text: string }): Promise<void>
  subscribe(): Promise<Stream>
  watch(): Promise<Stream>
  fail(): Promise<Stream>
}

let workerd: Workerd

beforeAll(async () => {
  vi.stubGlobal('WebSocket', WebSocket)
  workerd = await runWorkerd(`${import.meta.dirname}/workerd/worker.ts`, {
    BOARD: 'Board',
    CHAT_ROOM: 'ChatRoom',
    FREE: 'Free',
  })
}, TIMEOUT)

afterAll(async () => {
  vi.unstubAllGlobals()
  await workerd.close()
})

// They wait at the same time.
vi.setConfig({ maxConcurrency: 20 })

type ClassName = 'BOARD' | 'CHAT_ROOM' | 'FREE'

/** A Durable Object of the test's own. */
class TestObject {
  readonly #query: string

  constructor(className: ClassName, name: string) {
    this.#query = `?class=${className}&name=${name}`
  }

  get socketURL(): string {
    return `${workerd.url.replace('http', 'ws')}${this.#query}`
  }

  /** Requests something of it, and learns which of its lives it is in. */
  async ask(path = '', query = ''): Promise<string> {
    return await (await fetch(`${workerd.url}${path}${this.#query}${query}`)).text()
  }

  publish(text: string): Promise<string> {
    return this.ask('publish', `&text=${text}`)
  }

  connect(options: { readonly heartbeat?: number } = {}): { client: Client; link: RPCLink } {
    const backoff = { initialDelay: 10, maxDelay: 10 }
    const link = new RPCLink({ url: this.socketURL, backoff, ...options })
    return { client: createClient<Client>(link), link }
  }

  /** A bare socket, and all that it receives. */
  async open(protocols: string[] = []): Promise<{ socket: WebSocket; received: string[]; closed: Promise<number> }> {
    const socket = new WebSocket(this.socketURL, protocols)
    const received: string[] = []
    socket.on('message', (data) => received.push(String(data)))
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
    return { socket, received, closed }
  }
}

const call = (id: string, name: string): string => JSON.stringify({ i: id, p: { u: `/${name}`, b: {} } })

describe.concurrent('a Durable Object', () => {
  test(
    'serves calls and streams as the guide has it, and is kept awake by an open stream',
    async ({ expect }) => {
      const object = new TestObject('CHAT_ROOM', 'stream')
      const { client, link } = object.connect()
      const life = await client.life()
      const stream = await client.subscribe()
      const first = stream.next()
      await client.say({ text: 'Hello' })
      expect(await first).toEqual({ done: false, value: { text: 'Hello' } })

      const next = stream.next()
      await sleep(IDLE)
      await client.say({ text: 'Still there?' })
      expect(await next).toEqual({ done: false, value: { text: 'Still there?' } })
      expect(await object.ask()).toBe(life)
      link.close()
    },
    TIMEOUT,
  )

  test(
    'closes a socket with 4002 whose context it has slept away, at its next call',
    async ({ expect }) => {
      const object = new TestObject('CHAT_ROOM', 'context')
      const { socket, received, closed } = await object.open()
      socket.send(call('1', 'life'))
      await vi.waitFor(() => expect(received).toHaveLength(1))
      await sleep(IDLE)
      socket.send('{"t":6}')
      await vi.waitFor(() => expect(received.at(-1)).toBe('{"t":7}'))
      socket.send(call('2', 'life'))
      expect(await closed).toBe(4002)
      expect(received).toHaveLength(2)
    },
    TIMEOUT,
  )

  test(
    'is found again by a client whose context it has slept away',
    async ({ expect }) => {
      const object = new TestObject('CHAT_ROOM', 'again')
      const { client, link } = object.connect()
      const life = await client.life()
      await sleep(IDLE)
      await expect(client.life()).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
      expect(await client.life()).not.toBe(life)
      link.close()
    },
    TIMEOUT,
  )

  test(
    'answers calls after its sleep where the router needs no context',
    async ({ expect }) => {
      const { socket, received } = await new TestObject('FREE', 'free').open()
      socket.send(call('1', 'lives'))
      await vi.waitFor(() => expect(received).toEqual(['{"i":"1","p":{"b":{"json":1}}}']))
      await sleep(IDLE)
      socket.send(call('2', 'lives'))
      await vi.waitFor(() => expect(received.at(-1)).toBe('{"i":"2","p":{"b":{"json":2}}}'))
      socket.send('user?')
      await vi.waitFor(() => expect(received.at(-1)).toBe('Ada'))
      socket.close()
    },
    TIMEOUT,
  )

  test(
    'goes on with hibernating streams after its sleep, over headwater.1, with heartbeats meanwhile',
    async ({ expect }) => {
      const object = new TestObject('BOARD', 'hibernate')
      const { client, link } = object.connect({ heartbeat: 1_000 })
      const states = watchStates(link)
      const life = await client.life()
      const stream = await client.watch()
      await object.publish('one')
      expect(await stream.next()).toEqual({ done: false, value: { text: 'one' } })

      await sleep(IDLE)
      expect(await object.publish('two')).not.toBe(life)
      const { value } = await stream.next()
      expect([value, getEventMeta(value)]).toEqual([{ text: 'two' }, { id: 'id of two' }])
      expect(await client.life()).not.toBe(life)
      expect(states).toEqual(['connecting', 'open'])

      await object.ask('done')
      expect(await stream.next()).toEqual({ done: true, value: 'The end' })
      link.close()
    },
    TIMEOUT,
  )

  test(
    'remembers in its sleep that a client speaks headwater.1',
    async ({ expect }) => {
      const { socket, received } = await new TestObject('BOARD', 'protocol').open(['headwater.1'])
      expect(socket.protocol).toBe('headwater.1')
      await vi.waitFor(() => expect(received).toEqual(['{"t":5,"p":{"heartbeat":15000}}']))
      socket.send('{"t":6}')
      await vi.waitFor(() => expect(received.at(-1)).toBe('{"t":7}'))
      await sleep(IDLE)
      // Not the ping that the runtime answers, but one that wakes the object up.
      socket.send('{"t":6,"p":{}}')
      await vi.waitFor(() => expect(received.slice(2)).toEqual(['{"t":5,"p":{"heartbeat":15000}}', '{"t":7}']))
      socket.close()
    },
    TIMEOUT,
  )

  test(
    'lets a client whose socket was cut resume a hibernating stream after its last id',
    async ({ expect }) => {
      const object = new TestObject('BOARD', 'resume')
      const { client, link } = object.connect()
      const stream = await client.watch()
      await object.publish('one')
      expect((await stream.next()).value).toEqual({ text: 'one' })
      const next = stream.next()
      await object.ask('cut')
      expect((await next).value).toEqual({ text: 'after id of one' })
      link.close()
    },
    TIMEOUT,
  )

  test(
    'cuts the sockets when it is evicted, and its clients resume',
    async ({ expect }) => {
      const object = new TestObject('BOARD', 'abort')
      const { client, link } = object.connect()
      const stream = await client.watch()
      const life = await object.publish('one')
      expect((await stream.next()).value).toEqual({ text: 'one' })
      const next = stream.next()
      await object.ask('abort')
      expect((await next).value).toEqual({ text: 'after id of one' })
      expect(await object.ask()).not.toBe(life)
      link.close()
    },
    TIMEOUT,
  )

  test('fails a hibernating stream that the application could not take', async ({ expect }) => {
    const { client, link } = new TestObject('BOARD', 'fail').connect()
    const stream = await client.fail()
    await expect(stream.next()).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' })
    link.close()
  })

  test("sends a hibernating stream to the reference implementation's client", async ({ expect }) => {
    const object = new TestObject('BOARD', 'reference')
    const { socket } = await object.open()
    const client = createORPCClient<any>(new ReferenceRPCLink({ websocket: socket as never }))
    const stream = await client.watch()
    await object.publish('one')
    expect((await stream.next()).value).toEqual({ text: 'one' })
    await object.ask('done')
    expect(await stream.next()).toEqual({ done: true, value: 'The end' })
    socket.close()
  })

  test('answers the close of a client', async ({ expect }) => {
    const { socket, closed } = await new TestObject('BOARD', 'close').open()
    socket.close(1000, 'Bye')
    expect(await closed).toBe(1000)
  })

  test('serves plain clients where it does not answer the subprotocol', async ({ expect }) => {
    const { client, link } = new TestObject('CHAT_ROOM', 'plain').connect()
    const states = watchStates(link)
    expect(await client.life()).toEqual(expect.any(String))
    expect(states).toEqual(['connecting', 'open'])
    link.close()
  })
})

function watchStates(link: RPCLink): string[] {
  const states: string[] = []
  link.connection.subscribe(() => states.push(link.connection.state.status))
  return states
}
