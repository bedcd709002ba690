import { WebSocketServer } from 'ws'
import type { ProcedureClient } from '../../src/contract/procedure-client.ts'
import type { RPCError } from '../../src/core/error.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import type { Router } from '../../src/server/router.ts'
import { isAllowedOrigin } from '../../src/session/allowed-origin.ts'
import { RPCHandler } from '../../src/transport/node/rpc-handler.ts'
import { RPCHandler as SocketHandler } from '../../src/transport/websocket/rpc-handler.ts'
import { type Gate, gate } from '../tools/gate.ts'
import { listen, type TestServer } from '../tools/serve.ts'

/** What the handlers of all servers behind a proxy share. */
const publisher = new Publisher<Record<string, { readonly n: number; readonly text?: string }>>(new MemoryLog())

/** Where they meet the tests. */
export const meeting: { left: Gate; called: Gate; finish: Gate<string>; received: unknown[] } = {
  /** Opens when a client of `watch` has left. */
  left: gate(),
  called: gate(),
  finish: gate(),
  /** What the handler of `upload` has received so far. */
  received: [],
}

const router: Router = {
  watch: os.route({ method: 'GET' }).handler(({ input, signal, lastEventId }) => {
    signal.addEventListener('abort', () => meeting.left.open())
    return publisher.subscribe(input as string, { signal, lastEventId, from: 'start' })
  }),
  echo: os.handler(({ input }) => input),
  lastEventId: os.handler(({ lastEventId }) => lastEventId),
  size: os.handler(async ({ input }) => (await (input as File).arrayBuffer()).byteLength),
  answer: os.handler(({ input }) => 'x'.repeat(input as number)),
  slow: os.handler(() => {
    meeting.called.open()
    return meeting.finish.opened
  }),
  upload: os.handler(async ({ input }) => {
    for await (const event of input as AsyncIterable<unknown>) meeting.received.push(event)
    return 'received'
  }),
}

export type AppClient = Record<
  'watch' | 'echo' | 'lastEventId' | 'size' | 'answer' | 'slow' | 'upload',
  ProcedureClient<unknown, any, RPCError>
>

export function publish(channel: string, n: number, text?: string): Promise<unknown> {
  return publisher.publish(channel, text === undefined ? { n } : { n, text })
}

export interface ServedApp {
  readonly port: number
  /** As at a deploy: drains, stops, and starts a new one in its place. */
  replace(): Promise<void>
  close(): Promise<void>
}

export interface AppOptions {
  readonly heartbeat: number
  readonly maxBodySize?: number | undefined
}

/** A server of the app for requests and WebSockets. */
export async function serveApp(port: number, options: AppOptions): Promise<ServedApp> {
  let running = await run(port, options)
  return {
    port,
    async replace() {
      await running.drain()
      await running.server.close()
      running = await run(port, options)
    },
    close: () => running.server.close(),
  }
}

async function run(port: number, options: AppOptions): Promise<{ server: TestServer; drain(): Promise<void> }> {
  const handler = new RPCHandler(router, options)
  const socketHandler = new SocketHandler(router, { heartbeat: options.heartbeat })
  const server = await listen(async (request, response) => {
    const { matched } = await handler.handle(request, response, { prefix: '/rpc' })
    if (!matched) response.writeHead(404).end('no match')
  }, port)
  const sockets = new WebSocketServer({ noServer: true })
  server.server.on('upgrade', (request, socket, head) => {
    if (!isAllowedOrigin(request)) return socket.destroy()
    sockets.handleUpgrade(request, socket, head, (ws) => socketHandler.upgrade(ws as never))
  })
  const drain = async (): Promise<void> => {
    server.server.close()
    await Promise.all([handler.drain(), socketHandler.drain()])
  }
  return { server, drain }
}
