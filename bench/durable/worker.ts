import { DurableObject } from 'cloudflare:workers'
import { DurableEventIteratorObject, upgradeDurableEventIteratorRequest } from 'headwater/durable/durable-object'

/** What a Durable Object does at least to tell its sockets something. */
export class Bare extends DurableObject {
  async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair()
    this.ctx.acceptWebSocket(server)
    return new Response(null, { status: 101, webSocket: client } as ResponseInit)
  }

  say(text: string): void {
    const event = JSON.stringify({ text })
    for (const ws of this.ctx.getWebSockets()) ws.send(event)
  }
}

export class Room extends DurableEventIteratorObject<{ text: string }> {
  say(text: string): void {
    void this.dei.websocketManager.publishEvent(this.ctx.getWebSockets(), { text })
  }
}

const worker = {
  async fetch(request: Request, env: any): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    const [, name = ''] = pathname.split('/')
    const stub = env[name].get(env[name].idFromName('room'))
    const text = searchParams.get('text')
    if (text !== null) await stub.say(text)
    else if (name === 'BARE') return stub.fetch(request)
    else return upgradeDurableEventIteratorRequest(request, { signingKey: 'key', namespace: env.ROOM })
    return new Response('ok')
  },
}

// biome-ignore lint/style/noDefaultExport: a worker is one.
export default worker
