import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { RPCLink as SocketLink } from 'headwater/client/websocket'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { freePort } from '../tools/free-port.ts'
import { findRedisServer, RedisServer } from '../tools/redis-server.ts'

const folder = join(import.meta.dirname, '../../examples/nest-next/apps/api')
const children: ChildProcess[] = []

/** Starts the example as its README says. */
async function startExample(environment: Record<string, string> = {}): Promise<{ url: string; child: ChildProcess }> {
  const port = await freePort()
  const child = spawn('npm', ['start'], {
    cwd: folder,
    env: { ...process.env, ...environment, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  children.push(child)
  let text = ''
  child.stdout?.on('data', (chunk) => {
    text += chunk
  })
  await vi.waitFor(() => expect(text).toContain('The API is running'), { timeout: 60_000, interval: 100 })
  return { url: `http://localhost:${port}`, child }
}

/** Ends the process and the shell that npm has started it with. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  process.kill(-(child.pid as number), 'SIGTERM')
  await exited
}

afterEach(async () => {
  await Promise.all(children.splice(0).map(stop))
})

const json = { 'content-type': 'application/json' }

function publish(url: string, message: string): Promise<Response> {
  return fetch(`${url}/notifications/publish`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ type: 'info', message }),
  })
}

describe("the example's API", { timeout: 120_000 }, () => {
  test('streams notifications to curl, chats behind a guard over all protocols, and ends on SIGTERM', async () => {
    const { url, child } = await startExample()
    const curl = spawn('curl', ['-sNg', `${url}/notifications/stream?types[]=info`])
    let text = ''
    curl.stdout.on('data', (chunk) => {
      text += chunk
    })
    await publish(url, 'Hello')
    await vi.waitFor(() => expect(text).toMatch(/^id: \w+:1:\w+\ndata: .*"message":"Hello"/m), { timeout: 20_000 })

    const refused = await fetch(`${url}/chat/send`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ roomId: 'lobby', message: 'Hi' }),
    })
    expect(refused.status).toBe(401)
    const socketLink = new SocketLink({ connect: () => new WebSocket(`${url.replace('http', 'ws')}/ws`) as never })
    const socket: any = createClient(socketLink)
    const stream = await socket.chat.stream({ roomId: 'lobby' })
    const headers = { authorization: 'Bearer ada' }
    const rpc: any = createClient(new RPCLink({ url: `${url}/rpc`, headers }))
    await rpc.chat.sendMessage({ roomId: 'lobby', message: 'Hi' })
    expect((await stream.next()).value).toMatchObject({ username: 'ada', message: 'Hi' })
    await stream.return()
    socketLink.close()

    const left = once(curl, 'exit')
    await stop(child)
    await left
    expect(text).not.toContain('event: done')
  })

  describe.skipIf(findRedisServer() === undefined)('with Redis', () => {
    let redis: RedisServer
    beforeAll(async () => {
      redis = await RedisServer.start({ appendOnly: true })
    })
    afterAll(() => redis?.stop())

    test('runs as several processes: one publishes, clients of the other see it, and resume', async () => {
      const [first, second] = await Promise.all([
        startExample({ REDIS_URL: redis.url }),
        startExample({ REDIS_URL: redis.url }),
      ])
      let url = first.url
      const client: any = createClient(new RPCLink({ url: () => `${url}/rpc` } as never))
      const stream = await client.notifications.stream({})
      await publish(second.url, 'one')
      expect((await stream.next()).value).toMatchObject({ message: 'one' })
      // Its client goes on at the other process.
      url = second.url
      await stop(first.child)
      await publish(second.url, 'two')
      expect((await stream.next()).value).toMatchObject({ message: 'two' })
      await stream.return()
    })
  })
})
