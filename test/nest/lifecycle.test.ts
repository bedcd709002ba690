import { Controller, Module } from '@nestjs/common'
import { REQUEST } from '@nestjs/core'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { RPCLink as SocketLink } from 'headwater/client/websocket'
import { eventIterator, oc, type } from 'headwater/contract'
import { HeadwaterModule, Implement, InjectPublisher, implement } from 'headwater/nest'
import { Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { gate } from '../tools/gate.ts'
import { PLATFORMS, startApp } from './tools/start-app.ts'

interface Events {
  ticks: { n: number }
}

const contract = {
  ticks: oc.route({ method: 'GET', path: '/ticks' }).output(eventIterator(type<{ n: number }>())),
  slow: oc.route({ method: 'GET', path: '/slow' }).output(type<string>()),
}

let started = gate()
let release = gate()

@Controller()
class TickController {
  constructor(@InjectPublisher() private readonly publisher: Publisher<Events>) {}

  @Implement(contract.ticks)
  ticks() {
    return implement(contract.ticks).handler(({ signal, lastEventId }) =>
      this.publisher.subscribe('ticks', { signal, lastEventId }),
    )
  }

  @Implement(contract.slow)
  slow() {
    return implement(contract.slow).handler(async () => {
      started.open()
      await release.opened
      return 'done'
    })
  }
}

class Settings {
  readonly prefix = '/calls'
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

describe.each(PLATFORMS)('the module on %s', (platform) => {
  test('is made of other providers, serves at a prefix, and injects its publisher', async () => {
    const publisher = new Publisher<Events>(new MemoryLog())
    const server = await startApp(platform, {
      imports: [
        HeadwaterModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async ({ prefix }: Settings) => ({
            contract,
            publisher,
            rpc: { prefix: prefix as `/${string}` },
          }),
        }),
      ],
      controllers: [TickController],
    })
    try {
      const client: any = createClient(new RPCLink({ url: `${server.url}/calls` }))
      const ticks = await client.ticks()
      const first = ticks.next()
      await publisher.publish('ticks', { n: 1 })
      expect(await first).toEqual({ done: false, value: { n: 1 } })
      await ticks.return()
    } finally {
      await server.close()
    }
    await expect(publisher.publish('ticks', { n: 2 })).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })

  test('lets calls finish and sends streams elsewhere when the application shuts down', async () => {
    started = gate()
    release = gate()
    const publisher = new Publisher<Events>(new MemoryLog())
    const websocket = { server: new WebSocketServer({ noServer: true }) }
    const server = await startApp(platform, {
      imports: [HeadwaterModule.forRoot({ contract, publisher, rpc: true, websocket })],
      controllers: [TickController],
    })
    const events = await fetch(`${server.url}/ticks`)
    const lines = events.text()
    const rpcEvents = (await fetch(`${server.url}/rpc/ticks`, { method: 'POST' })).text()
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`)
    await new Promise((resolve) => socket.once('open', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const slow = fetch(`${server.url}/slow`)
    await started.opened
    const closing = server.close()
    // The streams end without `done`: their clients go on elsewhere.
    expect(await lines).not.toContain('event: done')
    expect(await rpcEvents).not.toContain('event: done')
    expect(await closed).toBe(4000)
    release.open()
    expect(await (await slow).json()).toBe('done')
    await closing
  })

  test('opens sockets at its path alone, for pages of its host alone', async () => {
    const websocket = { server: new WebSocketServer({ noServer: true }), path: '/live' as const }
    const publisher = new Publisher<Events>(new MemoryLog())
    const server = await startApp(platform, {
      imports: [HeadwaterModule.forRoot({ contract, publisher, websocket })],
      controllers: [TickController],
    })
    const open = (path: string, origin?: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`, { ...(origin && { origin }) })
        socket.once('open', () => resolve('open')).once('error', (error) => resolve(error.message))
      })
    expect(await open('/live')).toBe('open')
    expect(await open('/live', 'https://evil.example')).toContain('403')
    expect(await open('/elsewhere')).toContain('404')
    await server.close()
  })

  test('a stream over a socket goes on when that is cut', async () => {
    const publisher = new Publisher<Events>(new MemoryLog())
    const websocket = { server: new WebSocketServer({ noServer: true }) }
    const server = await startApp(platform, {
      imports: [HeadwaterModule.forRoot({ contract, publisher, websocket })],
      controllers: [TickController],
    })
    const sockets: WebSocket[] = []
    const connect = () => {
      sockets.push(new WebSocket(`${server.url.replace('http', 'ws')}/ws`, ['headwater.1']))
      return sockets.at(-1) as never
    }
    const link = new SocketLink({ connect, backoff: { delay: 1 } } as never)
    const client: any = createClient(link)
    const ticks = await client.ticks()
    const first = ticks.next()
    await publisher.publish('ticks', { n: 1 })
    await first
    sockets[0]?.terminate()
    await publisher.publish('ticks', { n: 2 })
    expect((await ticks.next()).value).toEqual({ n: 2 })
    expect(sockets.length).toBeGreaterThan(1)
    await ticks.return()
    link.close()
    await server.close()
  })
})

describe('the module', () => {
  test('needs a contract to serve the RPC protocol', async () => {
    const module = {
      imports: [HeadwaterModule.forRoot({ rpc: true, publisher: new Publisher(new MemoryLog()) })],
      controllers: [TickController],
    }
    await expect(startApp('express', module)).rejects.toThrow('give `contract`')
  })

  test('has options that are made once', () => {
    expect(() => HeadwaterModule.forRootAsync({ inject: [REQUEST], useFactory: () => ({}) })).toThrow('made once')
  })
})

describe('@Implement()', () => {
  test('refuses procedures without a path', () => {
    expect(() => Implement(oc.input(type<string>()))({}, 'x', { value: () => ({}) as never })).toThrow('needs a path')
  })

  test('works without the module', async () => {
    const ping = oc.route({ method: 'GET', path: '/ping' }).output(type<string>())
    @Controller()
    class PingController {
      @Implement(ping)
      ping() {
        return implement(ping).handler(({ context }) => typeof context.request)
      }
    }
    const server = await startApp('express', { controllers: [PingController] })
    expect(await (await fetch(`${server.url}/ping`)).json()).toBe('object')
    // Called by others than Nest the method gives the implementation.
    expect(await new PingController().ping()).toHaveProperty('~headwater')
    await server.close()
  })
})
