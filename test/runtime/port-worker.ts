import { type MessagePort, parentPort } from 'node:worker_threads'
import { RPCHandler } from '../../src/transport/message-port/rpc-handler.ts'
import { createPeerRouter } from '../suites/peer-router.ts'

// A thread that serves every port that it is sent, until `stop`.
const router = createPeerRouter({
  drain: () => {
    const draining = handler
    handler = new RPCHandler(router)
    return draining.drain()
  },
})
let handler = new RPCHandler(router)

parentPort?.on('message', (message: { readonly port: MessagePort; readonly user: string } | 'stop') => {
  if (message === 'stop') parentPort?.close()
  else handler.upgrade(message.port, { context: { user: message.user } })
})
