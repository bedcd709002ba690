import { expect, test } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
import { listen, type TestServer } from '../../../test/tools/serve.ts'
import { createClient } from '../../client/create-client.ts'
import { MemoryLog } from '../../publisher/memory-log.ts'
import { Publisher } from '../../publisher/publisher.ts'
import { os } from '../../server/builder.ts'
import type { Router, RouterClient } from '../../server/router.ts'
import { RPCLink } from '../fetch/rpc-link.ts'
import { RPCHandler } from './rpc-handler.ts'

interface DrainableServer extends TestServer {
  readonly handler: RPCHandler<Router>
}

async function serve(router: Router): Promise<DrainableServer> {
  const handler = new RPCHandler(router)
  const server = await listen((request, response) => void handler.handle(request, response, { prefix: '/rpc' }))
  return { ...server, handler }
}

test('draining moves streams to another server without a hole, while a call finishes where it is', async () => {
  const publisher = new Publisher<{ a: { n: number } }>(new MemoryLog())
  const called = gate()
  const finish = gate<string>()
  const router = {
    watch: os.handler(({ signal, lastEventId }) => publisher.subscribe('a', { signal, lastEventId })),
    slow: os.handler(() => {
      called.open()
      return finish.opened
    }),
  }
  const old = await serve(router)
  const next = await serve(router)
  let url = old.url
  const link = new RPCLink({ url: () => url, backoff: { initialDelay: 1 } })
  const client = createClient<RouterClient<typeof router>>(link)

  const stream = await client.watch()
  const slow = client.slow()
  await called.opened
  await publisher.publish('a', { n: 1 })
  expect((await stream.next()).value).toEqual({ n: 1 })

  url = next.url
  const drained = old.handler.drain()
  await publisher.publish('a', { n: 2 })
  expect((await stream.next()).value).toEqual({ n: 2 })
  finish.open('done')
  expect(await slow).toBe('done')
  await drained

  await stream.return()
  await publisher.close()
  await old.close()
  await next.close()
})

test('a draining server refuses new streams in a way that clients try again, and still answers calls', async () => {
  const router = {
    watch: os.handler(async function* () {
      yield 1
    }),
    ping: os.handler(() => 'pong'),
  }
  const server = await serve(router)
  const client = createClient<RouterClient<typeof router>>(new RPCLink({ url: server.url }))
  await server.handler.drain()
  await expect(client.watch()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', status: 503 })
  expect(await client.ping()).toBe('pong')
  await server.close()
})

test('draining waits no longer than it is told to', async () => {
  const router = { stuck: os.handler(() => new Promise(() => {})) }
  const server = await serve(router)
  const client = createClient<RouterClient<typeof router>>(new RPCLink({ url: server.url }))
  const call = client.stuck()
  await expect(Promise.race([server.handler.drain({ timeout: 20 }), call])).resolves.toBeUndefined()
  await server.close()
  await expect(call).rejects.toMatchObject({ code: 'CONNECTION_FAILED' })
})
