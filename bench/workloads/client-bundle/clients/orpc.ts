import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/fetch'
import { ClientRetryPlugin } from '@orpc/client/plugins'

// Without this plugin its streams do not resume.
const link = new RPCLink({ url: '/rpc', plugins: [new ClientRetryPlugin()] })
Object.assign(globalThis, { client: createORPCClient(link) })
