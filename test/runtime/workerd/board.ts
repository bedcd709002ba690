import { DurableObject } from 'cloudflare:workers'
import { z } from 'zod'
import {
  AUTO_RESPONSE,
  encodeHibernationRPCEvent,
  HibernationEventIterator,
  HibernationPlugin,
} from '../../../src/server/hibernation/index.ts'
import { eventIterator, onError, os, withEventMeta } from '../../../src/server/index.ts'
import { RPCHandler } from '../../../src/server/websocket/index.ts'

interface Note {
  readonly text: string
}

const base = os.$context<{ board: Board; ws: WorkersSocket }>()

const router = {
  life: base.handler(({ context }): string => context.board.life),
  watch: base
    .output(eventIterator(z.object({ text: z.string() })))
    .handler(
      ({ context, lastEventId }) =>
        new HibernationEventIterator<Note>((id) => context.board.join(context.ws, id, lastEventId)),
    ),
  fail: base.output(eventIterator(z.object({ text: z.string() }))).handler(
    () =>
      new HibernationEventIterator<Note>(() => {
        throw new Error('No room for it')
      }),
  ),
}

const handler = new RPCHandler(router, { plugins: [new HibernationPlugin()], interceptors: [onError(() => {})] })

/** An object that sleeps while its streams are open. */
export class Board extends DurableObject {
  readonly life: string = crypto.randomUUID()

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env)
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(...AUTO_RESPONSE))
  }

  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/publish') this.publish(searchParams.get('text') ?? '')
    if (pathname === '/done') this.end()
    if (pathname === '/abort') this.ctx.abort('Moved')
    if (pathname === '/cut') for (const ws of this.ctx.getWebSockets()) ws.close(1012, 'Cut')
    if (request.headers.get('upgrade') !== 'websocket') return new Response(this.life)
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    const protocol = request.headers.get('sec-websocket-protocol') === 'headwater.1' ? 'headwater.1' : undefined
    handler.upgrade(server, { context: { board: this, ws: server }, protocol })
    const headers: HeadersInit = protocol === undefined ? {} : { 'sec-websocket-protocol': protocol }
    return new Response(null, { status: 101, webSocket: client, headers } as ResponseInit)
  }

  webSocketMessage(ws: WorkersSocket, message: string | ArrayBuffer): void {
    handler.message(ws, message, { context: { board: this, ws } })
  }

  webSocketClose(ws: WorkersSocket): void {
    handler.close(ws)
  }

  /** Begins after the event that the client has seen last: a real one would read them from its storage. */
  join(ws: WorkersSocket, streamId: string, lastEventId: string | undefined): void {
    ws.serializeAttachment({ ...(ws.deserializeAttachment() as object), streamId })
    if (lastEventId !== undefined) this.#send(ws, streamId, `after ${lastEventId}`)
  }

  publish(text: string): void {
    for (const ws of this.ctx.getWebSockets()) {
      const { streamId } = ws.deserializeAttachment() as { streamId?: string }
      if (streamId !== undefined) this.#send(ws, streamId, text)
    }
  }

  end(): void {
    for (const ws of this.ctx.getWebSockets()) {
      const { streamId = '' } = ws.deserializeAttachment() as { streamId?: string }
      ws.send(encodeHibernationRPCEvent(streamId, 'The end', { event: 'done' }))
    }
  }

  #send(ws: WorkersSocket, streamId: string, text: string): void {
    ws.send(encodeHibernationRPCEvent(streamId, withEventMeta({ text }, { id: `id of ${text}` })))
  }
}
