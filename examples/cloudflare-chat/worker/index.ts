import { DurableEventIteratorHandlerPlugin } from 'headwater/durable'
import { upgradeDurableEventIteratorRequest } from 'headwater/durable/durable-object'
import { RPCHandler } from 'headwater/server/fetch'
import { type Env, router } from './router.ts'

export { ChatRoom } from './chat-room.ts'

const handler = new RPCHandler(router, { plugins: [new DurableEventIteratorHandlerPlugin()] })

const worker = {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url)
    if (url.pathname === '/chat-room') {
      return upgradeDurableEventIteratorRequest(request, { signingKey: env.SIGNING_KEY, namespace: env.CHAT_ROOM })
    }
    const { response } = await handler.handle(request, { prefix: '/rpc', context: { env } })
    return response ?? new Response('Not Found', { status: 404 })
  },
}

// biome-ignore lint/style/noDefaultExport: a worker is one.
export default worker
