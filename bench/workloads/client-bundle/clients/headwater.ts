import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'

export const client: unknown = createClient(new RPCLink({ url: '/rpc' }))
