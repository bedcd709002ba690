import type { contract } from '@repo/api-contracts'
import { callByOptions, createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import type { ContractRouterClient } from 'headwater/contract'

const apiUrl = process.env.NEXT_PUBLIC_API_URL ?? 'http://localhost:3001'

/** Asked for its headers at each call, and again each time that a stream is resumed. */
export const link = new RPCLink({
  url: `${apiUrl}/rpc`,
  headers: () => ({ authorization: `Bearer ${localStorage.getItem('name') ?? 'guest'}` }),
})

export const client: ContractRouterClient<typeof contract> = createClient(link)

/** The same with the input among the options. */
export const orpc = callByOptions(client)
