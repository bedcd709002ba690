import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import type { ContractRouterClient } from 'headwater/contract'
import type { contract } from '../../contract/index.ts'
import { readStored, writeStored } from './storage.ts'

/** Each tab is a user of its own, so that two of them can talk; a reload keeps who it is. */
export const userId = readStored(sessionStorage, 'user-id', '') || createUserId()
writeStored(sessionStorage, 'user-id', userId)

export const link = new RPCLink({
  url: `${location.origin}/rpc`,
  headers: { 'x-user-id': userId },
  // Who waits for a chat to come back should not wait for long.
  backoff: { maxDelay: 10_000 },
})

export const client: ContractRouterClient<typeof contract> = createClient(link)

/** `crypto.randomUUID` is missing on pages that come over plain HTTP from another machine. */
function createUserId(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('')
}
