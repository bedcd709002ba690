import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { DurableEventIteratorLinkPlugin } from 'headwater/durable/client'
import type { RouterClient } from 'headwater/server'
import type { router } from '../worker/router.ts'

const { origin } = location

const link = new RPCLink({
  url: `${origin}/rpc`,
  plugins: [new DurableEventIteratorLinkPlugin({ url: `${origin.replace('http', 'ws')}/chat-room` })],
})

export const client: RouterClient<typeof router> = createClient(link)
