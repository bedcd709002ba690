import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPaired, type Paired, RawPeer } from '../../../test/tools/connection-pair.ts'
import { later, rejection, settle } from '../../../test/tools/probes.ts'
import { createClient } from '../../client/create-client.ts'
import { os } from '../../server/builder.ts'
import { RPCPeers } from './rpc-peers.ts'

const router = { ping: os.handler(() => 'pong'), wait: os.handler(() => new Promise(() => {})) }

let paired: Paired | undefined

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
})

afterEach(() => {
  paired?.link.close()
  paired = undefined
  vi.useRealTimers()
})

/** Lets time pass with all that happens in it. */
async function pass(seconds: number): Promise<void> {
  for (let tenth = 0; tenth < seconds * 10; tenth++) {
    await vi.advanceTimersByTimeAsync(100)
    await settle()
  }
}

async function open(): Promise<Paired & { readonly client: any }> {
  paired = createPaired(router)
  const client = createClient<any>(paired.link)
  await client.ping()
  await settle()
  return { ...paired, client }
}

test('an idle connection between two that live stays open', async () => {
  const { dialer } = await open()
  await pass(120)
  expect(dialer.pair.client.closed).toBeUndefined()
  expect(dialer.pair.client.sent.length + dialer.pair.server.sent.length).toBeLessThan(60)
})

test('both sides notice within heartbeat and timeout that the other one has fallen silent', async () => {
  const { client, dialer } = await open()
  const call = later(client.wait())
  await pass(20)
  // Nothing gets through any more, in either direction, and nobody is told.
  dialer.pair.paused = true
  await pass(24.9)
  expect(dialer.pair.client.closed).toMatchObject({ code: 4003 })
  expect(dialer.pair.server.closed).toMatchObject({ code: 4003 })
  expect(await rejection(call)).toMatchObject({ code: 'CONNECTION_LOST' })
})

test('any traffic is a sign of life', async () => {
  const raw = new RawPeer(new RPCPeers(router, {}), { protocol: 'headwater.1' })
  for (let count = 0; count < 10; count++) {
    await pass(10)
    raw.send({ i: String(count), p: { u: '/ping', b: {} } })
  }
  expect(raw.closed).toBeUndefined()
  await pass(25)
  expect(raw.closed).toMatchObject({ code: 4003 })
})

test('a plain peer is asked by the pings of the transport, and only where there are such', async () => {
  const peers = new RPCPeers(router, {})
  const ping = vi.fn()
  const terminate = vi.fn()
  const close = vi.fn()
  const send = vi.fn()
  const answering = peers.open({ buffered: 0, send, close, ping: () => answering.heard(), terminate })
  const silent = peers.open({ buffered: 0, send, close, ping, terminate })
  const mute = peers.open({ buffered: 0, send, close })
  await pass(15.1)
  expect(ping).toHaveBeenCalled()
  expect(terminate).not.toHaveBeenCalled()
  await pass(9.9)
  expect(terminate).toHaveBeenCalledTimes(1)
  await pass(60)
  expect(terminate).toHaveBeenCalledTimes(1)
  expect(close).not.toHaveBeenCalled()
  expect(send).not.toHaveBeenCalled()
  for (const peer of [answering, silent, mute]) peer.close()
  expect(vi.getTimerCount()).toBe(0)
})

test('a client keeps the heartbeat that the server names, unless it was given its own', async () => {
  for (const heartbeat of [undefined, 1000]) {
    paired = createPaired(router, { handler: { heartbeat: 30_000 }, link: { heartbeat } })
    await createClient<any>(paired.link).ping()
    await settle()
    const { pair } = paired.dialer
    pair.server.send = () => {}
    await pass(13)
    expect(pair.client.closed?.code).toBe(heartbeat === undefined ? undefined : 4003)
    await pass(27)
    expect(pair.client.closed?.code).toBe(4003)
    paired.link.close()
  }
})

test('20,000 connections that come and leave leave no timer, listener or peer behind', async () => {
  vi.useRealTimers()
  const peers = new RPCPeers(router, {})
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  for (let count = 0; count < 20_000; count++) {
    const peer = peers.open({ buffered: 0, send: () => {}, close: () => {} }, { protocol: 'headwater.1' })
    peer.receive('{"i":"1","p":{"u":"/wait","b":{}}}')
    peer.close()
  }
  await settle()
  expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBeLessThanOrEqual(before)
})
