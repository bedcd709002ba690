// One process of a run: a server, a client or both, told what to do by lines of JSON. It prints what happens.
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { type WebSocket, WebSocketServer } from 'ws'
import { RPCHandler as PortHandler } from '../../../src/transport/message-port/rpc-handler.ts'
import { RPCHandler as HTTPHandler } from '../../../src/transport/node/rpc-handler.ts'
import { RPCHandler as SocketHandler } from '../../../src/transport/websocket/rpc-handler.ts'
import type { Happening } from '../history.ts'
import { type Command, PACE, STRETCH } from './commands.ts'
import { Ports } from './ports.ts'
import { publish } from './publishing.ts'
import { Reader } from './readers.ts'
import { authenticate, Service, steadyNow } from './service.ts'

const HANDLER = { heartbeat: PACE.heartbeat, heartbeatTimeout: PACE.heartbeatTimeout, interceptors: [authenticate] }

const name = process.argv[2] ?? ''
const readers = new Map<string, Reader>()
const ports = new Ports()
const sockets = new Set<Socket>()
const realNow = Date.now
let service: Service | undefined
let server: Server | undefined
let drain: (() => Promise<unknown>) | undefined
let buffered = 0

function say(message: object): void {
  process.stdout.write(`${JSON.stringify({ at: steadyNow(), ...message })}\n`)
}

const tell = (happening: Happening): void => say(happening)

async function serve({ log, listen }: Extract<Command, { do: 'serve' }>): Promise<void> {
  service = await Service.open(log)
  const { router } = service
  const http = new HTTPHandler(router, HANDLER)
  const socket = new SocketHandler(router, HANDLER)
  const port = new PortHandler(router, HANDLER)
  drain = () => Promise.all([http, socket, port].map((handler) => handler.drain({ timeout: 1000 })))
  dialPort = () => {
    const { client, server } = ports.dial()
    port.upgrade(server as never)
    return client
  }
  if (!listen) return say({ ready: 0 })
  server = createServer((request, response) => void http.handle(request, response, { prefix: '/rpc' }))
  server.on('connection', (one) => {
    sockets.add(one)
    one.once('close', () => sockets.delete(one))
  })
  new WebSocketServer({ server }).on('connection', (one: WebSocket) => socket.upgrade(one as never))
  setInterval(measure, 20).unref()
  server.listen(0, '127.0.0.1', () => say({ ready: (server?.address() as AddressInfo | undefined)?.port }))
}

let dialPort = (): unknown => {
  throw new Error('There is no service in this process')
}

function measure(): void {
  for (const socket of sockets) buffered = Math.max(buffered, socket.writableLength)
}

function figures(when: 'busy' | 'end', left?: readonly string[]): void {
  const { streams = 0, faults } = service ?? {}
  tell({
    ...{ type: 'figures', process: name, when, streams, buffered, reads: faults?.reads ?? 0 },
    ...(left === undefined ? {} : { left }),
  })
}

async function list(channel: string): Promise<void> {
  if (service === undefined) return
  const { log } = service.opened
  const events: { event: string; id: string }[] = []
  let after: any = 'start'
  for (;;) {
    const page = await log.read(channel, after, { records: 1000, bytes: 1e7 }).catch(() => undefined)
    if (page === undefined) {
      // A log that has just come back takes a moment.
      await new Promise((resolve) => setTimeout(resolve, 200))
      continue
    }
    const { records, through, position, trimmed } = page
    for (const { offset, tag, data } of records) {
      events.push({ event: JSON.parse(data).json.event, id: `${position.epoch}:${offset}:${tag}` })
    }
    after = through
    if (through.offset >= position.offset)
      return tell({ type: 'listed', channel, epoch: position.epoch, trimmed, events })
  }
}

/** In the order of the documentation. Whatever is left then keeps the process alive, and is told of. */
async function close(): Promise<void> {
  for (const reader of readers.values()) reader.leave()
  server?.close()
  await drain?.()
  server?.closeAllConnections()
  await service?.publisher.close()
  await service?.opened.close()
  commands.close()
  process.stdin.destroy()
  setTimeout(() => {
    const left = process.getActiveResourcesInfo().filter((kind) => !/Pipe|TTY|FSReq|CloseReq/.test(kind))
    figures('end', left)
    process.exit(1)
  }, 3000 * STRETCH).unref()
}

function run(command: Command): unknown {
  switch (command.do) {
    case 'serve':
      return serve(command)
    case 'hello':
      return say({ ready: 0 })
    case 'publish':
      return service && publish(service, command, tell)
    case 'read':
      return readers.set(command.reader, new Reader(command, { tell, dialPort: () => dialPort() }))
    case 'leave':
      return readers.get(command.reader)?.leave()
    case 'wakes':
      if (service) service.faults.how = command.how
      return
    case 'clock':
      Date.now = () => realNow() + command.by
      return
    case 'ports':
      return ports.set(command.how)
    case 'figures':
      return figures(command.when)
    case 'list':
      return list(command.channel)
    case 'close':
      return close()
  }
}

process.on('SIGTERM', () => void close())
process.on('unhandledRejection', (error) => say({ crash: String((error as Error)?.stack ?? error) }))
process.on('uncaughtException', (error) => say({ crash: String(error.stack) }))
// The harness is gone.
process.stdin.once('end', () => process.exit())
const commands = createInterface({ input: process.stdin })
commands.on('line', (line) => {
  void (async () => run(JSON.parse(line)))().catch((error) => say({ crash: String(error?.stack ?? error) }))
})
