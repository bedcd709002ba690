import { DurableObject } from 'cloudflare:workers'
import { z } from 'zod'
import { EventPublisher, eventIterator, os } from '../../../src/server/index.ts'
import { RPCHandler } from '../../../src/server/websocket/index.ts'

const base = os.$context<{ room: ChatRoom }>()

const router = {
  life: base.handler(({ context }): string => context.room.life),
  say: base.input(z.object({ text: z.string() })).handler(({ context, input }) => {
    context.room.publisher.publish('message', input)
  }),
  subscribe: base.output(eventIterator(z.object({ text: z.string() }))).handler(async function* ({ context, signal }) {
    yield* context.room.publisher.subscribe('message', { signal })
  }),
}

const handler = new RPCHandler(router)

/** The object as the WebSocket guide has it, but for `extends`: without that it has no `ctx`. */
export class ChatRoom extends DurableObject {
  readonly life: string = crypto.randomUUID()
  publisher: EventPublisher<Record<'message', { text: string }>> = new EventPublisher()

  async fetch(request: Request): Promise<Response> {
    if (request.headers.get('upgrade') === 'websocket') {
      const { 0: client, 1: server } = new WebSocketPair()
      this.ctx.acceptWebSocket(server)

      await handler.upgrade(server, {
        context: { room: this },
      })

      return new Response(null, { status: 101, webSocket: client } as ResponseInit)
    }
    return new Response(this.life)
  }

  webSocketMessage(ws: WebSocket, message: string | ArrayBuffer): void {
    handler.message(ws, message)
  }

  webSocketClose(ws: WebSocket): void {
    handler.close(ws)
  }
}
