import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, getEventMeta } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { DurableEventIteratorLinkPlugin } from 'headwater/durable/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { freePort } from '../tools/free-port.ts'
import { later, take } from '../tools/probes.ts'
import { runWorkerd, type Workerd } from '../tools/workerd.ts'
import type { TestClient } from './test-client.ts'

const data = mkdtempSync(join(tmpdir(), 'headwater-objects-'))
const BACKOFF = { initialDelay: 20, maxDelay: 200 }
let port: number
let workerd: Workerd

async function start(): Promise<void> {
  const objects = { ROOM: 'Room', BRIEF_ROOM: 'BriefRoom' }
  workerd = await runWorkerd(`${import.meta.dirname}/worker.ts`, objects, { port, data })
}

beforeAll(async () => {
  port = await freePort()
  await start()
}, 60_000)

afterAll(async () => {
  await workerd.close()
  rmSync(data, { recursive: true })
})

test('streams go on over kills of the whole runtime: no event and no id is lost or used twice', async () => {
  const connect = (): TestClient => {
    const plugin = new DurableEventIteratorLinkPlugin({
      url: `ws://127.0.0.1:${port}/room`,
      backoff: BACKOFF,
      connect: (url, protocols) => new WebSocket(url, protocols) as never,
    })
    return createClient(new RPCLink({ url: `http://127.0.0.1:${port}/rpc`, plugins: [plugin], backoff: BACKOFF }))
  }
  const client = connect()
  const say = (text: string): Promise<unknown> => client.tell({ room: 'lasting', method: 'say', args: [text] })
  const stream = await client.open({ room: 'lasting' })
  const seen = later(take(stream as AsyncIterator<{ text: string }, void>, 9))
  for (const life of [0, 1, 2]) {
    for (const event of [1, 2, 3]) await say(String(life * 3 + event))
    if (life === 2) break
    await workerd.close()
    await start()
  }
  const events = await seen
  expect(events.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9'])
  const ids = events.map((event) => String(getEventMeta(event)?.id).split(':'))
  const offsets = ids.map(([, offset]) => Number(offset))
  expect(offsets).toEqual([...new Set(offsets)].sort((one, other) => one - other))
  expect(new Set(ids.map(([epoch]) => epoch)).size).toBe(1)
  await stream.return()
}, 120_000)
