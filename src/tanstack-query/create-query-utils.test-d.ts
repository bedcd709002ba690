import { type InfiniteData, QueryClient, skipToken } from '@tanstack/query-core'
import { useInfiniteQuery, useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { createClient } from '../client/create-client.ts'
import { isDefinedError } from '../client/safe.ts'
import { oc } from '../contract/builder.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import type { ContractRouterClient } from '../contract/infer.ts'
import type { RPCError } from '../core/error.ts'
import type { RPCLink } from '../transport/fetch/rpc-link.ts'
import { createQueryUtils } from './create-query-utils.ts'

const planet = z.object({ id: z.number(), name: z.string() })

const contract = {
  planet: {
    find: oc
      .errors({ GONE: { data: z.object({ since: z.number() }) } })
      .input(z.object({ id: z.number() }))
      .output(planet),
    list: oc.input(z.object({ cursor: z.number() }).optional()).output(z.object({ next: z.number() })),
    rename: oc.input(planet).output(z.boolean()),
  },
  ticks: oc.output(eventIterator(z.number())),
  room: oc.input(z.object({ roomId: z.string() })).output(eventIterator(z.object({ text: z.string() }))),
}

declare const link: RPCLink
const client: ContractRouterClient<typeof contract> = createClient(link)
const orpc = createQueryUtils(client)
const queryClient = new QueryClient()

export async function Types(): Promise<void> {
  const found = useQuery(orpc.planet.find.queryOptions({ input: { id: 1 } }))
  expectTypeOf(found.data).toEqualTypeOf<z.infer<typeof planet> | undefined>()
  if (isDefinedError(found.error)) expectTypeOf(found.error).toEqualTypeOf<RPCError<'GONE', { since: number }>>()

  const name = useQuery(orpc.planet.find.queryOptions({ input: { id: 1 }, select: (planet) => planet.name }))
  expectTypeOf(name.data).toEqualTypeOf<string | undefined>()
  expectTypeOf(useSuspenseQuery(orpc.planet.list.queryOptions()).data).toEqualTypeOf<{ next: number }>()
  const initial = { id: 1, name: 'Earth' }
  const known = useQuery(orpc.planet.find.queryOptions({ input: { id: 1 }, initialData: initial }))
  expectTypeOf(known.data).toEqualTypeOf<z.infer<typeof planet>>()
  useQuery(orpc.planet.find.queryOptions({ input: Math.random() > 1 ? { id: 1 } : skipToken }))
  // @ts-expect-error the input is missing
  orpc.planet.find.queryOptions()
  // @ts-expect-error the input does not fit
  orpc.planet.find.queryOptions({ input: { id: 'one' } })

  const pages = useInfiniteQuery(
    orpc.planet.list.infiniteOptions({
      input: (cursor: number) => ({ cursor }),
      initialPageParam: 0,
      getNextPageParam: (last) => last.next,
    }),
  )
  expectTypeOf(pages.data).toEqualTypeOf<InfiniteData<{ next: number }> | undefined>()

  const rename = useMutation(orpc.planet.rename.mutationOptions({ onSuccess: (done) => void done }))
  expectTypeOf(rename.mutate).parameter(0).toEqualTypeOf<z.infer<typeof planet>>()
  expectTypeOf(rename.data).toEqualTypeOf<boolean | undefined>()

  const events = useQuery(orpc.room.streamedOptions({ input: { roomId: 'a' }, queryFnOptions: { maxChunks: 9 } }))
  expectTypeOf(events.data).toEqualTypeOf<{ text: string }[] | undefined>()
  const count = useQuery(orpc.room.streamedOptions({ input: { roomId: 'a' }, select: (events) => events.length }))
  expectTypeOf(count.data).toEqualTypeOf<number | undefined>()
  expectTypeOf(useQuery(orpc.ticks.liveOptions()).data).toEqualTypeOf<number | undefined>()

  expectTypeOf(queryClient.getQueryData(orpc.planet.find.queryKey({ input: { id: 1 } }))).toEqualTypeOf<
    z.infer<typeof planet> | undefined
  >()
  expectTypeOf(queryClient.getQueryData(orpc.ticks.streamedKey())).toEqualTypeOf<number[] | undefined>()
  expectTypeOf(await queryClient.fetchQuery(orpc.planet.list.queryOptions())).toEqualTypeOf<{ next: number }>()
  await queryClient.invalidateQueries({ queryKey: orpc.planet.key({ type: 'query' }) })
  expectTypeOf(orpc.planet.find.call).toEqualTypeOf(client.planet.find)
}
