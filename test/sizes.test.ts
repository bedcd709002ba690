import { expect, test } from 'vitest'
import { bundleSize } from './tools/bundle-size.ts'

/** Bytes that a page loads, minified and gzipped. Whoever needs more says why where the budget is raised. */
const BUDGETS: readonly (readonly [what: string, code: string, budget: number])[] = [
  ['all of headwater/contract', `export * from 'headwater/contract'`, 1280],
  [
    'a client: calls, streams, resume',
    `import { createClient } from 'headwater/client'
     import { RPCLink } from 'headwater/client/fetch'
     export const client: unknown = createClient(new RPCLink({ url: '/rpc' }))`,
    10_240,
  ],
  [
    'a client over WebSockets',
    `import { createClient } from 'headwater/client'
     import { RPCLink } from 'headwater/client/websocket'
     export const client: unknown = createClient(new RPCLink({ url: 'wss://example.com' }))`,
    14_336,
  ],
  ['one helper of the client', `export { safe } from 'headwater/client'`, 1280],
  [
    'a server in a Worker, with a publisher in memory',
    `import { Publisher } from 'headwater/publisher'
     import { MemoryLog } from 'headwater/publisher/memory'
     import { os } from 'headwater/server'
     import { RPCHandler } from 'headwater/server/fetch'
     export { MemoryLog, os, Publisher, RPCHandler }`,
    24_576,
  ],
]

test.each(BUDGETS)('%s stays within its budget', { timeout: 60_000 }, async (_, code, budget) => {
  const size = await bundleSize(code)
  expect(size).toBeLessThanOrEqual(budget)
  // A budget that nobody comes near guards nothing.
  expect(size).toBeGreaterThan(budget / 2)
})
