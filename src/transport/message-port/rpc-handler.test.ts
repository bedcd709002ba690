import { EventEmitter } from 'node:events'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { beforeAll, describe, expect, test } from 'vitest'
import { testPeerConnection } from '../../../test/suites/peer-connection.ts'
import { createPeerRouter } from '../../../test/suites/peer-router.ts'
import { createClient } from '../../client/create-client.ts'
import { RPCError } from '../../core/error.ts'
import { os } from '../../server/builder.ts'
import type { EmitterPort, ExtensionPort, PortLike } from './port.ts'
import { RPCHandler } from './rpc-handler.ts'
import { RPCLink } from './rpc-link.ts'

const WORKER = new URL('../../../test/runtime/port-worker.ts', import.meta.url)

describe('over a MessageChannel', () => {
  const router = createPeerRouter({
    drain: () => {
      const draining = handler
      handler = new RPCHandler(router)
      return draining.drain()
    },
  })
  let handler = new RPCHandler(router)

  testPeerConnection({
    plain: false,
    connect({ user }) {
      let latest: MessagePort | undefined
      const connect = (): PortLike => {
        const { port1, port2 } = new MessageChannel()
        handler.upgrade(port2, { context: { user } })
        latest = port1
        return port1
      }
      return { link: new RPCLink({ connect, backoff: { initialDelay: 20 } }), cut: () => latest?.close() }
    },
  })
})

describe('over a thread of its own', () => {
  let worker: Worker

  beforeAll(() => {
    const load = `import('tsx/esm/api').then(({ register }) => { register(); return import('${WORKER}') })`
    worker = new Worker(load, { eval: true })
  })

  testPeerConnection({
    plain: false,
    connect({ user }) {
      let latest: MessagePort | undefined
      const connect = (): PortLike => {
        const { port1, port2 } = new MessageChannel()
        worker.postMessage({ port: port2, user }, [port2])
        latest = port1
        return port1
      }
      return { link: new RPCLink({ connect, backoff: { initialDelay: 20 } }), cut: () => latest?.close() }
    },
  })

  test('connections that are closed do not keep the thread alive', async () => {
    const { port1, port2 } = new MessageChannel()
    worker.postMessage({ port: port2, user: 'Ada' }, [port2])
    const link = new RPCLink({ port: port1 })
    expect(await createClient<any>(link).user()).toBe('Ada')
    link.close()
    const exit = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage('stop')
    expect(await exit).toBe(0)
  })
})

const router = {
  echo: os.handler(({ input }) => input),
  wait: os.handler(async function* ({ signal }) {
    yield 'waiting'
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
  }),
}

async function exchange(port: PortLike): Promise<void> {
  const link = new RPCLink({ port })
  const client = createClient<any>(link)
  expect(await client.echo({ at: new Date(0) })).toEqual({ at: new Date(0) })
  const stream = await client.wait()
  expect(await stream.next()).toEqual({ done: false, value: 'waiting' })
  link.close()
  await expect(stream.next()).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' })
}

describe('ports of other kinds', () => {
  test('an emitter of events, as in Electron', async () => {
    const [one, two] = emitterPair((message) => ({ data: message }))
    new RPCHandler(router).upgrade(two)
    await exchange(one)
    await expect.poll(() => [listenersOf(one), listenersOf(two)]).toEqual([0, 0])
  })

  test('an emitter of the messages themselves, as a Worker of Node', async () => {
    const [one, two] = emitterPair((message) => message)
    new RPCHandler(router).upgrade(two)
    await exchange(one)
  })

  test('a port of a browser extension, which closes with its other side', async () => {
    const [one, two] = extensionPair()
    new RPCHandler(router).upgrade(two)
    await exchange(one)
  })

  test('what is not a frame is left to others', async () => {
    const { port1, port2 } = new MessageChannel()
    new RPCHandler(router).upgrade(port2)
    port1.postMessage({ some: 'object' })
    port1.postMessage(7)
    await exchange(port1)
  })
})

test('a refusal arrives with its reason, although ports close without one', async () => {
  const { port1, port2 } = new MessageChannel()
  const link = new RPCLink({ port: port1, connectionHeaders: { authorization: 'wrong' } })
  new RPCHandler(router).upgrade(port2, {
    authenticate: () => {
      throw new RPCError('FORBIDDEN', { message: 'Not you' })
    },
  })
  await expect(createClient<any>(link).echo(1)).rejects.toMatchObject({ code: 'FORBIDDEN', message: 'Not you' })
})

test('a call over a port that was closed fails', async () => {
  const { port1, port2 } = new MessageChannel()
  new RPCHandler(router).upgrade(port2)
  const link = new RPCLink({ port: port1 })
  const client = createClient<any>(link)
  await client.echo(1)
  port2.close()
  await expect.poll(() => link.connection.state.status).toBe('closed')
  await expect(client.echo(2)).rejects.toMatchObject({ code: 'CONNECTION_FAILED', message: 'The port was closed' })
})

test('a silent other side is found, although ports do not close with it', async () => {
  const { port1, port2 } = new MessageChannel()
  const handler = new RPCHandler(router, { heartbeat: 20, heartbeatTimeout: 30 })
  handler.upgrade(port2)
  const link = new RPCLink({ port: port1, heartbeat: 20, heartbeatTimeout: 30 })
  const stream = await createClient<any>(link).wait()
  await stream.next()
  // From here on nothing that is said arrives.
  port2.postMessage = () => {}
  await expect(stream.next()).rejects.toMatchObject({ code: 'STREAM_INTERRUPTED' })
})

test('another port is asked for when one has never said a word', async () => {
  const handler = new RPCHandler(router)
  let ports = 0
  const connect = (): PortLike => {
    const { port1, port2 } = new MessageChannel()
    if (++ports > 1) handler.upgrade(port2)
    return port1
  }
  const link = new RPCLink({ connect, heartbeat: 20, heartbeatTimeout: 30, backoff: { initialDelay: 1 } })
  const client = createClient<any>(link)
  await expect(client.echo(1)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  expect(await client.echo(2)).toBe(2)
  expect(ports).toBe(2)
  link.close()
})

test('calls fail over a port that never says a word where there is no other', async () => {
  const { port1 } = new MessageChannel()
  const link = new RPCLink({ port: port1, heartbeat: 20, heartbeatTimeout: 30 })
  await expect(createClient<any>(link).echo(1)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
})

function emitterPair(wrap: (message: unknown) => unknown): [EmitterPort & EventEmitter, EmitterPort & EventEmitter] {
  const pair = [new EventEmitter(), new EventEmitter()] as const
  const toPort = (own: EventEmitter, other: EventEmitter): EmitterPort & EventEmitter =>
    Object.assign(own, {
      postMessage: (message: unknown) => setImmediate(() => other.emit('message', wrap(structuredClone(message)))),
    })
  return [toPort(pair[0], pair[1]), toPort(pair[1], pair[0])]
}

function listenersOf(emitter: EventEmitter): number {
  return emitter.eventNames().length
}

function extensionPair(): [ExtensionPort, ExtensionPort] {
  const pair = [new EventEmitter(), new EventEmitter()] as const
  const toPort = (own: EventEmitter, other: EventEmitter): ExtensionPort => ({
    postMessage: (message) => setImmediate(() => other.emit('message', JSON.parse(JSON.stringify(message)))),
    disconnect: () => setImmediate(() => other.emit('disconnect')),
    onMessage: {
      addListener: (listener) => own.on('message', listener),
      removeListener: (listener) => own.off('message', listener),
    },
    onDisconnect: {
      addListener: (listener) => own.on('disconnect', listener),
      removeListener: (listener) => own.off('disconnect', listener),
    },
  })
  return [toPort(pair[0], pair[1]), toPort(pair[1], pair[0])]
}
