import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client'

const client = createTRPCClient({
  links: [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url: '/rpc' }),
      false: httpBatchLink({ url: '/rpc' }),
    }),
  ],
})
Object.assign(globalThis, { client })
