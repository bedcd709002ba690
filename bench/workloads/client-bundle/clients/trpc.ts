import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client'

export const client: unknown = createTRPCClient({
  links: [
    splitLink({
      condition: ({ type }) => type === 'subscription',
      true: httpSubscriptionLink({ url: '/rpc' }),
      false: httpBatchLink({ url: '/rpc' }),
    }),
  ],
})
