import { expect, test } from 'vitest'
import { freePort } from '../tools/free-port.ts'
import { take } from '../tools/probes.ts'
import { findProxy, type ProxyName, ProxyServer } from '../tools/proxy-server.ts'
import { type Connected, connect, type Transport } from './connect.ts'
import { recipe } from './doc-blocks.ts'
import { publish, serveApp } from './served-app.ts'

/** Longest silence that the proxies allow here, in ms: their 60 s in a hurry. */
const TIMEOUT = 1_000

// Caddy has no such limit.
const proxies = (['nginx', 'HAProxy'] satisfies ProxyName[]).filter((proxy) => findProxy(proxy) !== undefined)
const cells = proxies.flatMap((proxy) =>
  (['requests', 'a WebSocket'] satisfies Transport[]).map((transport) => ({ proxy, transport })),
)
type Cell = (typeof cells)[number]

/** Runs a client of an app with these heartbeats, behind a proxy of the cell. */
async function behind({ proxy: name, transport }: Cell, heartbeat: number, run: (client: Connected) => Promise<void>) {
  const port = await freePort()
  const server = await serveApp(port, { heartbeat })
  const block = recipe(name, 'recommended', [port, port])
  const inHurry = (port: number): string => block(port).replaceAll('60s', `${TIMEOUT}ms`)
  const proxy = await ProxyServer.start(name, inHurry, { clientTimeout: TIMEOUT })
  const connected = connect(transport, `https://127.0.0.1:${proxy.port}`)
  try {
    await run(connected)
  } finally {
    connected.close()
    await server.close()
    await proxy.stop()
  }
}

test.concurrent.each(cells)(
  'a silent stream behind $proxy over $transport lives by heartbeats',
  async (cell) => {
    await behind(cell, TIMEOUT / 5, async ({ client, openings }) => {
      const channel = `${cell.proxy} ${cell.transport} kept`
      const stream = await client.watch(channel)
      await new Promise((resolve) => setTimeout(resolve, 2.5 * TIMEOUT))
      await publish(channel, 1)
      expect(await take(stream, 1)).toEqual([{ n: 1 }])
      expect(openings()).toBe(1)
      await stream.return()
    })
  },
  20_000,
)

test.concurrent.each(cells)(
  'a silent stream behind $proxy over $transport is cut without them, and resumes',
  async (cell) => {
    await behind(cell, 60_000, async ({ client, openings }) => {
      const channel = `${cell.proxy} ${cell.transport} cut`
      const stream = await client.watch(channel)
      const next = take(stream, 1)
      while (openings() < 2) await new Promise((resolve) => setTimeout(resolve, 20))
      await publish(channel, 1)
      expect(await next).toEqual([{ n: 1 }])
      await stream.return()
    })
  },
  20_000,
)
