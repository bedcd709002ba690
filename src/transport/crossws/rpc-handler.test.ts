import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import crossws, { type NodeAdapter } from 'crossws/adapters/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testPeerConnection } from '../../../test/suites/peer-connection.ts'
import { createPeerRouter } from '../../../test/suites/peer-router.ts'
import { socketTransport } from '../../../test/tools/socket-transport.ts'
import { os } from '../../server/builder.ts'
import type { CrosswsPeer } from './crossws-peer.ts'
import { RPCHandler } from './rpc-handler.ts'

let server: Server
let ws: NodeAdapter
let url = ''

beforeAll(async () => {
  const router = createPeerRouter({
    drain: () => {
      const draining = handler
      handler = new RPCHandler(router)
      return draining.drain()
    },
  })
  let handler = new RPCHandler(router)
  ws = crossws({
    // Hooks are asked for at each connection, so that a drained handler gets no new one.
    resolve: (request) => ({
      ...handler.hooks,
      upgrade: () => ({
        ...handler.hooks.upgrade(request as Request),
        context: { user: new URL((request as Request).url).searchParams.get('user') },
      }),
    }),
  })
  server = createServer().on('upgrade', ws.handleUpgrade).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  ws.closeAll(1001, '', true)
  server.close()
})

testPeerConnection(socketTransport(() => url))

test('a message may come with a context of its own, from a hook of yours', async () => {
  const sent: unknown[] = []
  const handler = new RPCHandler({ who: os.$context<{ user: string }>().handler(({ context }) => context.user) })
  const peer: CrosswsPeer = {
    websocket: {},
    bufferedAmount: 0,
    send: (data) => sent.push(data),
    close() {},
    terminate() {},
  }
  const message = { rawData: '{"i":"1","p":{"u":"/who"}}', uint8Array: () => new Uint8Array() }
  handler.message(peer, message, { context: { user: 'Ada' } })
  await expect.poll(() => sent).toEqual(['{"i":"1","p":{"b":{"json":"Ada"}}}'])
  handler.close(peer)
})
