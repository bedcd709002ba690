import { DurableObject } from 'cloudflare:workers'
import { os } from '../../../src/server/index.ts'
import { RPCHandler } from '../../../src/server/websocket/index.ts'

let lives = 0

const router = { lives: os.handler((): number => lives) }

const handler = new RPCHandler(router)

/** An object whose router needs no context, and that keeps something of its own with each socket. */
export class Free extends DurableObject {
  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env)
    lives++
  }

  async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    server.serializeAttachment({ user: 'Ada' })
    handler.upgrade(server)
    return new Response(null, { status: 101, webSocket: client } as ResponseInit)
  }

  webSocketMessage(ws: WorkersSocket, message: string | ArrayBuffer): void {
    if (message === 'user?') ws.send((ws.deserializeAttachment() as { user: string }).user)
    else handler.message(ws, message)
  }

  webSocketClose(ws: WorkersSocket): void {
    handler.close(ws)
  }
}
