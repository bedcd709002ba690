import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { DurableEventIteratorLinkPlugin } from 'headwater/durable/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { findNatsServer, NatsServer } from '../tools/nats-server.ts'
import { findPostgres, PostgresServer } from '../tools/postgres-server.ts'
import { later, take } from '../tools/probes.ts'
import { HostProcesses } from './processes.ts'
import type { TestClient } from './test-client.ts'

const STORES = [
  { name: 'Postgres', isThere: findPostgres() !== undefined, start: () => PostgresServer.start() },
  { name: 'NATS', isThere: findNatsServer() !== undefined, start: () => NatsServer.start() },
]

const BACKOFF = { initialDelay: 20, maxDelay: 200 }

function connect(url: string): TestClient {
  const plugin = new DurableEventIteratorLinkPlugin({
    url: `${url.replace('http', 'ws')}/room`,
    backoff: BACKOFF,
    connect: (url, protocols) => new WebSocket(url, protocols) as never,
  })
  return createClient(new RPCLink({ url: `${url}/rpc`, plugins: [plugin], backoff: BACKOFF }))
}

for (const { name, isThere, start } of STORES) {
  describe.skipIf(!isThere)(`an object on two processes over ${name}`, () => {
    let store: { readonly url: string; stop(): Promise<void> }
    let processes: HostProcesses

    beforeAll(async () => {
      store = await start()
      processes = new HostProcesses(store.url)
      await processes.start()
    }, 120_000)

    afterAll(async () => {
      await processes.kill()
      await store.stop()
    })

    test('is one to its clients, also when one process is killed', { timeout: 90_000 }, async () => {
      const [first = '', second = ''] = processes.urls
      const room = 'shared'
      const streams = [
        await connect(first).open({ room, tags: ['vip'] }),
        await connect(second).open({ room, tags: ['vip'] }),
        await connect(first).open({ room }),
      ]
      const counts = [9, 9, 6]
      const seen = streams.map((stream, index) =>
        later(take(stream as AsyncIterator<{ text: string }, void>, counts[index] as number)),
      )
      const tell = (url: string, method: string, ...args: string[]): Promise<unknown> =>
        connect(url).tell({ room, method, args })
      for (const round of [0, 1, 2]) {
        await tell(second, 'say', `${round}: from the second`)
        await tell(second, 'tell', 'vip', `${round}: for some`)
        if (round === 1) await processes.restartFirst()
        await tell(first, 'say', `${round}: from the first`)
      }
      const [vips, others, plain] = (await Promise.all(seen)).map((events) => events.map(({ text }) => text))
      const all = [0, 1, 2].flatMap((round) => [
        `${round}: from the second`,
        `${round}: for some`,
        `${round}: from the first`,
      ])
      expect(vips).toEqual(all)
      expect(others).toEqual(all)
      expect(plain).toEqual(all.filter((text) => !text.endsWith('for some')))
      for (const stream of streams) await stream.return()
    })
  })
}
