import { expectTypeOf, test } from 'vitest'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import { BatchLinkPlugin } from './batch/batch-link-plugin.ts'
import { DedupeRequestsPlugin } from './dedupe-requests-plugin.ts'

interface ClientContext {
  readonly isUrgent?: boolean
}

test('groups see the context of the calls, where the plugin is told its type', () => {
  const link = new RPCLink<ClientContext>({
    url: 'https://api.test/rpc',
    plugins: [
      new BatchLinkPlugin<ClientContext>({
        groups: [{ condition: ({ context }) => context.isUrgent !== true, context: {} }],
        exclude: ({ context, path, method }) => {
          expectTypeOf(context).toEqualTypeOf<ClientContext>()
          expectTypeOf(path).toEqualTypeOf<readonly string[]>()
          return method === 'GET'
        },
      }),
      new DedupeRequestsPlugin<ClientContext>({
        groups: [{ condition: ({ context }) => context.isUrgent === true, context: {} }],
        filter: ({ context }) => context.isUrgent ?? false,
      }),
    ],
  })
  expectTypeOf(link).toEqualTypeOf<RPCLink<ClientContext>>()
})

test('without it, code that was written without types works as it is', () => {
  const groups = [{ condition: () => true, context: {} }]
  const link = new RPCLink({
    url: 'https://api.test/rpc',
    plugins: [
      new DedupeRequestsPlugin({ groups }),
      new BatchLinkPlugin({ groups, mode: 'buffered', maxSize: undefined }),
    ],
  })
  expectTypeOf(link).toEqualTypeOf<RPCLink>()
  // @ts-expect-error: a group has to have a context
  new BatchLinkPlugin({ groups: [{ condition: () => true }] })
  // @ts-expect-error: a group's context is that of the link
  new BatchLinkPlugin<ClientContext>({ groups: [{ condition: () => true, context: { isUrgent: 1 } }] })
})
