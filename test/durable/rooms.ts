import type { ProcedureClient } from 'headwater/client'
import {
  type CustomSerializer,
  DurableEventIteratorObject,
  type DurableObjectContext,
} from 'headwater/durable/durable-object'
import type { EventGapData, GapPolicy } from 'headwater/publisher'
import { os, RPCError } from 'headwater/server'
import { z } from 'zod'

type Client<Input, Output> = ProcedureClient<Input, Output, never>

interface Event {
  readonly text: string
  readonly more?: unknown
}

/** A type of the application's own. */
export class Money {
  readonly cents: number

  constructor(cents: number) {
    this.cents = cents
  }
}

export const MONEY: CustomSerializer = {
  type: 21,
  condition: (value) => value instanceof Money,
  serialize: ({ cents }: Money) => cents,
  deserialize: (cents: number) => new Money(cents),
}

/** How often something of the application has run: what is refused has to be refused before. */
export const runs = { constructed: 0, called: 0 }

interface RoomClients {
  ping: Client<void, string>
  broken: Client<void, string>
  deep: {
    mood: Client<string, string | undefined>
    double: Client<Money, Money>
    count: Client<void, AsyncIterable<number>>
    read: Client<Blob, string>
  }
}

/** A room as an application has it. */
export class Room extends DurableEventIteratorObject<Event, { userId: string } | undefined, { mood?: string }> {
  constructor(ctx: any, env: any) {
    super(ctx, env, {
      signingKey: ['room-key', 'old-room-key'],
      onSubscribed: (ws, lastEventId) => {
        if (String(ctx.id.name).startsWith('faulty')) throw new Error('It failed')
        void this.publishEvent({ text: `welcome ${lastEventId ?? ''}`.trim() }, { targets: this.#greets ? [ws] : [] })
      },
      onGap: policyOf(ctx.id.name),
      customJsonSerializers: [MONEY],
      interceptors: [
        async ({ path, next }) => {
          try {
            return await next()
          } catch (error) {
            if ((error as Error).message !== 'broken') throw error
            throw new RPCError('CONFLICT', { message: `It broke in ${path}` })
          }
        },
      ],
    })
    runs.constructed++
  }

  get #greets(): boolean {
    return String(this.ctx.id.name).startsWith('greeting')
  }

  /** Resolves when it is kept: what is said next, to any process, comes behind it. */
  async say(text: string): Promise<void> {
    await this.dei.websocketManager.publishEvent(this.ctx.getWebSockets(), { text })
  }

  pay(cents: number): void {
    const more = { at: new Date(0), total: 2n ** 64n, price: new Money(cents) }
    void this.publishEvent({ text: 'paid', more })
  }

  /** To those who are here under that name. */
  async whisper(userId: string, text: string): Promise<void> {
    const isTheirs = (ws: WebSocket): boolean =>
      this.dei.websocketManager.deserializeAttachment(ws)['dei:token:payload'].att?.userId === userId
    await this.dei.websocketManager.publishEvent(this.ctx.getWebSockets().filter(isTheirs), { text })
  }

  async tell(tag: string, text: string): Promise<void> {
    await this.publishEvent({ text }, { tags: [tag] })
  }

  async spare(userId: string, text: string): Promise<void> {
    const isTheirs = (ws: WebSocket): boolean =>
      this.dei.websocketManager.deserializeAttachment(ws)['dei:token:payload'].att?.userId === userId
    await this.publishEvent({ text }, { exclude: this.ctx.getWebSockets().filter(isTheirs) })
  }

  count(tag?: string): number {
    return this.ctx.getWebSockets(tag).length
  }

  cut(): void {
    for (const ws of this.ctx.getWebSockets()) ws.close(1012, 'Cut')
  }

  readonly #life: string = Math.random().toString(36)

  lifeOf(): string {
    return this.#life
  }

  /** What the runtime does to an object when it has to. */
  evict(): void {
    const { abort } = this.ctx as { abort?: (reason: string) => void }
    abort?.call(this.ctx, 'Evicted')
  }

  publishMessage(currentWs: WebSocket): Client<Event, void> {
    runs.called++
    return os
      .input(z.object({ text: z.string() }))
      .handler(({ input }) => {
        const others = this.ctx.getWebSockets().filter((ws) => ws !== currentWs)
        void this.dei.websocketManager.publishEvent(others, input)
      })
      .callable()
  }

  router(ws: WebSocket): RoomClients {
    const { websocketManager } = this.dei
    const mood = os
      .input(z.string())
      .handler(({ input }) => {
        const { mood: before } = websocketManager.deserializeAttachment(ws)
        websocketManager.serializeAttachment(ws, { mood: input })
        return before
      })
      .callable()
    const double = os
      .input(z.instanceof(Money))
      .handler(({ input: { cents } }) => new Money(cents * 2))
      .callable()
    const count = os
      .handler(async function* () {
        yield 1
        yield 2
      })
      .callable()
    const read = os
      .input(z.instanceof(Blob))
      .handler(({ input }) => input.text())
      .callable()
    const broken = os
      .handler((): string => {
        throw new Error('broken')
      })
      .callable()
    return { ping: os.handler(() => 'pong').callable(), broken, deep: { mood, double, count, read } }
  }

  secret(): Client<void, string> {
    runs.called++
    return os.handler(() => 'secret').callable()
  }
}

/** What a room's name says: some begin with `over-oldest`, some with `over-now`. */
function policyOf(name: string): GapPolicy | ((gap: EventGapData) => GapPolicy) {
  const [, policy] = /^over-(oldest|now)/.exec(name) ?? []
  return policy === 'oldest' ? () => policy : ((policy as GapPolicy | undefined) ?? 'fail')
}

/** What the tests look into. */
interface WithStorage extends DurableObjectContext {
  getWebSockets(tag?: string): WebSocket[]
  readonly storage: { readonly sql: { exec(query: string): { one(): Record<string, number> } } }
}

/** A room that forgets, and knows no key. */
export class BriefRoom extends DurableEventIteratorObject<Event, unknown, unknown, WithStorage> {
  constructor(ctx: any, env: any) {
    super(ctx, env, { eventRetentionSeconds: 1 })
  }

  async say(text: string): Promise<void> {
    await this.publishEvent({ text })
  }

  async tell(tag: string, text: string): Promise<void> {
    await this.publishEvent({ text }, { tags: [tag] })
  }

  records(): number | undefined {
    return this.ctx.storage.sql.exec('SELECT count(*) AS count FROM headwater_records').one()['count']
  }

  lastOffset(): number | undefined {
    return this.ctx.storage.sql.exec('SELECT head FROM headwater_channels').one()['head']
  }

  count(): number {
    return this.ctx.getWebSockets().length
  }

  cut(): void {
    for (const ws of this.ctx.getWebSockets()) ws.close(1012, 'Cut')
  }
}
