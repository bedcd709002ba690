import type { ProcedureClient } from 'headwater/client'
import { DurableEventIteratorObject, type DurableObjectContext } from 'headwater/durable/durable-object'
import { os } from 'headwater/server'
import { z } from 'zod'

type Client<Input, Output> = ProcedureClient<Input, Output, never>

interface Event {
  readonly text: string
}

/** How often something of the application has run: what is refused has to be refused before. */
export const runs = { constructed: 0, called: 0 }

/** A room as an application has it. */
export class Room extends DurableEventIteratorObject<Event, { userId: string } | undefined, { mood?: string }> {
  constructor(ctx: any, env: any) {
    super(ctx, env, {
      signingKey: ['room-key', 'old-room-key'],
      onSubscribed: (ws, lastEventId) =>
        void this.publishEvent({ text: `welcome ${lastEventId ?? ''}`.trim() }, { targets: this.#greets ? [ws] : [] }),
    })
    runs.constructed++
  }

  get #greets(): boolean {
    return String(this.ctx.id.name).startsWith('greeting')
  }

  say(text: string): void {
    void this.dei.websocketManager.publishEvent(this.ctx.getWebSockets(), { text })
  }

  /** To those who are here under that name. */
  whisper(userId: string, text: string): void {
    const isTheirs = (ws: WebSocket): boolean =>
      this.dei.websocketManager.deserializeAttachment(ws)['dei:token:payload'].att?.userId === userId
    void this.dei.websocketManager.publishEvent(this.ctx.getWebSockets().filter(isTheirs), { text })
  }

  tell(tag: string, text: string): void {
    void this.publishEvent({ text }, { tags: [tag] })
  }

  spare(userId: string, text: string): void {
    const isTheirs = (ws: WebSocket): boolean =>
      this.dei.websocketManager.deserializeAttachment(ws)['dei:token:payload'].att?.userId === userId
    void this.publishEvent({ text }, { exclude: this.ctx.getWebSockets().filter(isTheirs) })
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

  router(ws: WebSocket): { ping: Client<void, string>; deep: { mood: Client<string, string | undefined> } } {
    const { websocketManager } = this.dei
    const mood = os
      .input(z.string())
      .handler(({ input }) => {
        const { mood: before } = websocketManager.deserializeAttachment(ws)
        websocketManager.serializeAttachment(ws, { mood: input })
        return before
      })
      .callable()
    return { ping: os.handler(() => 'pong').callable(), deep: { mood } }
  }

  secret(): Client<void, string> {
    runs.called++
    return os.handler(() => 'secret').callable()
  }
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

  say(text: string): void {
    void this.publishEvent({ text })
  }

  tell(tag: string, text: string): void {
    void this.publishEvent({ text }, { tags: [tag] })
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
