import { Controller, Inject } from '@nestjs/common'
import { createClient } from 'headwater/client'
import { eventIterator, oc, type } from 'headwater/contract'
import { Implement, implement } from 'headwater/nest'
import { OpenAPILink } from 'headwater/openapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SINGLE_CLIENTS } from '../tools/redis-clients.ts'
import { findRedisServer, RedisServer } from '../tools/redis-server.ts'
import { RedisEventService as IoredisEventService } from './seed/ioredis-event.service.ts'
import { RedisEventService as NodeRedisEventService } from './seed/node-redis-event.service.ts'
import { startApp } from './tools/start-app.ts'

const contract = {
  stream: oc
    .route({ method: 'GET', path: '/events/{channel}' })
    .input(type<{ channel: string }>())
    .output(eventIterator(type<{ n: number }>())),
  publish: oc.route({ method: 'POST', path: '/events/{channel}' }).input(type<{ channel: string; n: number }>()),
}

const EVENTS = 'events'

@Controller()
class EventController {
  constructor(@Inject(EVENTS) private readonly events: IoredisEventService | NodeRedisEventService) {}

  @Implement(contract)
  router() {
    const api = implement(contract)
    return api.router({
      stream: api.stream.handler(({ input, lastEventId }) => this.events.createEventStream(input.channel, lastEventId)),
      publish: api.publish.handler(({ input: { channel, n } }) => this.events.publishEvent(channel, { n: Number(n) })),
    })
  }
}

const services = { ioredis: IoredisEventService, 'node-redis': NodeRedisEventService }

describe.skipIf(findRedisServer() === undefined)("the seed's service on Redis", () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterAll(() => redis?.stop())

  test.each(Object.entries(services))('streams, replays and lets go, with %s', async (name, useClass) => {
    const open = await SINGLE_CLIENTS[name]?.(redis)
    if (open === undefined) throw new Error(`There is no client ${name}`)
    const server = await startApp('express', {
      controllers: [EventController],
      providers: [
        { provide: 'REDIS', useValue: open.client },
        { provide: EVENTS, useClass },
      ],
    })
    try {
      const client: any = createClient(new OpenAPILink(contract, { url: server.url }))
      const publish = (n: number): Promise<void> => client.publish({ channel: name, n })
      await publish(1)
      await publish(2)
      // The seed takes the last event's id for its place in the list.
      const stream = await client.stream({ channel: name }, { lastEventId: '1' })
      expect((await stream.next()).value).toEqual({ n: 2 })
      const live = stream.next()
      await publish(3)
      expect((await live).value).toEqual({ n: 3 })
      await stream.return()
      // The seed's generator waits for a message: it notices with the next one that its client has left.
      const afterNext = async (): Promise<unknown[]> => {
        await publish(4)
        return channelsOf(open.client)
      }
      await expect.poll(afterNext, { timeout: 10_000 }).not.toContain(name)
    } finally {
      await server.close()
      open.close()
    }
  })
})

function channelsOf(client: any): Promise<unknown[]> {
  return 'pubSubChannels' in client ? client.pubSubChannels() : client.pubsub('CHANNELS')
}
