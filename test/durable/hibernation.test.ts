import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { DurableEventIteratorLinkPlugin } from 'headwater/durable/client'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { WebSocket } from 'ws'
import { runWorkerd, type Workerd } from '../tools/workerd.ts'
import type { TestClient } from './test-client.ts'

/** An object sleeps after 10 s in which nothing has happened and no timer was running. */
const IDLE = 12_000
const TIMEOUT = 60_000

let workerd: Workerd

beforeAll(async () => {
  workerd = await runWorkerd(`${import.meta.dirname}/worker.ts`, { ROOM: 'Room', BRIEF_ROOM: 'BriefRoom' })
}, TIMEOUT)

afterAll(() => workerd.close())

function connect(path: string): { client: TestClient; sockets: WebSocket[] } {
  const sockets: WebSocket[] = []
  const plugin = new DurableEventIteratorLinkPlugin({
    url: `${workerd.url.replace('http', 'ws')}${path}`,
    heartbeat: 1_000,
    connect: (url, protocols) => {
      const socket = new WebSocket(url, protocols)
      sockets.push(socket)
      return socket as never
    },
  })
  return { client: createClient(new RPCLink({ url: `${workerd.url}rpc`, plugins: [plugin] })), sockets }
}

describe.concurrent('an object that has slept', () => {
  test(
    'goes on with its streams on the same sockets, knows their attachments, and serves their methods',
    async ({ expect }) => {
      const { client, sockets } = connect('room')
      const stream = await client.open({ room: 'sleeper', userId: 'Ada', methods: ['router', 'publishMessage'] })
      const other = await client.open({ room: 'sleeper', userId: 'Bob', methods: ['publishMessage'] })
      await stream.router.deep.mood('sleepy')
      await client.tell({ room: 'sleeper', method: 'say', args: ['one'] })
      expect((await stream.next()).value).toEqual({ text: 'one' })
      expect((await other.next()).value).toEqual({ text: 'one' })
      const life = await client.tell({ room: 'sleeper', method: 'lifeOf', args: [] })

      await sleep(IDLE)
      expect(await client.tell({ room: 'sleeper', method: 'lifeOf', args: [] })).not.toBe(life)
      await client.tell({ room: 'sleeper', method: 'say', args: ['two'] })
      expect((await stream.next()).value).toEqual({ text: 'two' })
      expect((await other.next()).value).toEqual({ text: 'two' })
      expect(await stream.router.deep.mood('awake')).toBe('sleepy')
      await stream.publishMessage({ text: 'to the others' })
      expect((await other.next()).value).toEqual({ text: 'to the others' })
      expect(sockets).toHaveLength(2)
      await stream.return()
      await other.return()
    },
    TIMEOUT,
  )

  test(
    'is woken by its alarm to shut out whose token has expired',
    async ({ expect }) => {
      const { sockets } = connect('room')
      const { client } = connect('room')
      const { '~durable': token } = (await createClient<any>(new RPCLink({ url: `${workerd.url}rpc` })).open({
        room: 'expiring',
        ttl: 14,
      })) as { '~durable': string }
      const socket = new WebSocket(`${workerd.url.replace('http', 'ws')}room`, [
        'headwater.1',
        `headwater.token.${token}`,
      ])
      const closed = new Promise((resolve) => socket.on('close', resolve))
      await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
      expect(await closed).toBe(4001)
      expect(await client.tell({ room: 'expiring', method: 'count', args: [] })).toBe(0)
      expect(sockets).toHaveLength(0)
    },
    TIMEOUT,
  )

  test(
    'has removed by its alarm what was over its time, and its ids go on',
    async ({ expect }) => {
      const { client } = connect('brief-room')
      const tell = (method: string, ...args: unknown[]): Promise<unknown> =>
        client.tell({ room: 'swept', brief: true, method, args })
      for (const text of ['one', 'two', 'three']) await tell('say', text)
      expect(await tell('records')).toBe(3)
      await sleep(IDLE)
      expect(await tell('records')).toBe(0)
      const stream = await client.openBrief({ room: 'swept' })
      await tell('say', 'four')
      const { value } = await stream.next()
      expect(value).toEqual({ text: 'four' })
      expect(await tell('lastOffset')).toBe(4)
      await stream.return()
    },
    TIMEOUT,
  )
})
