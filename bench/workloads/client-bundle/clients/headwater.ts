import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'

Object.assign(globalThis, { client: createClient(new RPCLink({ url: '/rpc' })) })
