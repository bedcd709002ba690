import { RPCHandler } from 'headwater/server/fetch'
import { router } from '@/server/router'

const handler = new RPCHandler(router)

async function handle(request: Request): Promise<Response> {
  const { matched, response } = await handler.handle(request, { prefix: '/rpc' })
  return matched ? response : new Response('Not found', { status: 404 })
}

export { handle as GET, handle as POST }
