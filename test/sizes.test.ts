import { expect, test } from 'vitest'
import { bundleSize } from './tools/bundle-size.ts'

/** Bytes that a page loads at first, minified and gzipped. Whoever needs more says why where the budget is raised. */
const BUDGETS: readonly (readonly [what: string, code: string, budget: number])[] = [
  ['all of headwater/contract', `export * from 'headwater/contract'`, 1024],
  [
    'a client: calls, streams, resume',
    `import { createClient } from 'headwater/client'
     import { RPCLink } from 'headwater/client/fetch'
     Object.assign(globalThis, { client: createClient(new RPCLink({ url: '/rpc' })) })`,
    7_936,
  ],
  [
    'a client over WebSockets',
    `import { createClient } from 'headwater/client'
     import { RPCLink } from 'headwater/client/websocket'
     Object.assign(globalThis, { client: createClient(new RPCLink({ url: 'wss://example.com' })) })`,
    13_952,
  ],
  ['one helper of the client', `export { safe } from 'headwater/client'`, 1088],
  [
    'a server in a Worker, with a publisher in memory',
    `import { Publisher } from 'headwater/publisher'
     import { MemoryLog } from 'headwater/publisher/memory'
     import { os } from 'headwater/server'
     import { RPCHandler } from 'headwater/server/fetch'
     export { MemoryLog, os, Publisher, RPCHandler }`,
    // 128 more than it was: calls in which nothing is asynchronous do not wait, and procedures are found by their URL.
    24_448,
  ],
]

test.each(BUDGETS)('%s stays within its budget', { timeout: 60_000 }, async (_, code, budget) => {
  const size = await bundleSize(code)
  expect(size).toBeLessThanOrEqual(budget)
  // A budget that nobody comes near guards nothing.
  expect(size).toBeGreaterThan(budget / 2)
})
