import { createClient } from '../../client/create-client.ts'
import type { ContractRouterClient } from '../../contract/infer.ts'
import { RPCLink } from '../../transport/fetch/rpc-link.ts'
import type { inspectorContract } from '../inspector-contract.ts'

/** The inspector's own address: its data and calls stand behind it. */
const base = location.origin + location.pathname.replace(/\/+$/, '')

export const inspector: ContractRouterClient<typeof inspectorContract> = createClient(
  new RPCLink({ url: `${base}/data`, backoff: { maxDelay: 5000 } }),
)

/** Headers of the user's own for calls: a token, say. They are kept in this tab's memory only. */
let ownHeaders: Readonly<Record<string, string>> = {}

export function setOwnHeaders(text: string): string | undefined {
  const headers: Record<string, string> = {}
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const [, name = '', value = ''] = /^([^:\s]+)\s*:\s*(.*)$/.exec(line.trim()) ?? []
    try {
      new Headers([[name, value]])
    } catch {
      return `This is no header: ${line}`
    }
    headers[name] = value
  }
  ownHeaders = headers
  return undefined
}

/** A link to the procedures. @param fetch sends its requests. */
export function createCallLink(fetch: (url: string, init: RequestInit) => Promise<Response>): RPCLink<unknown> {
  return new RPCLink({
    url: `${base}/call`,
    headers: () => ownHeaders,
    fetch,
    // Somebody sits in front of it and waits.
    backoff: { maxDelay: 2000 },
  })
}
