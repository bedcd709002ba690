import { expectTypeOf } from 'vitest'
import { z } from 'zod'
import { createClient } from '../client/create-client.ts'
import { oc } from '../contract/builder.ts'
import { eventIterator } from '../contract/event-iterator.ts'
import type { ContractRouterClient } from '../contract/infer.ts'
import type { RPCLink } from '../transport/fetch/rpc-link.ts'
import { useEventIterator } from './use-event-iterator.ts'
import { useManualEventIterator } from './use-manual-event-iterator.ts'

const contract = {
  room: oc.input(z.object({ roomId: z.string() })).output(eventIterator(z.object({ text: z.string() }))),
  filtered: oc.input(z.object({ types: z.array(z.string()).optional() })).output(eventIterator(z.string())),
  ticks: oc.output(eventIterator(z.number())),
  find: oc.input(z.object({ id: z.string() })).output(z.object({ name: z.string() })),
}
declare const link: RPCLink
const client: ContractRouterClient<typeof contract> = createClient(link)

export function Types(): void {
  const room = useEventIterator(client.room, {
    input: { roomId: 'a' },
    onEvent: (event) => expectTypeOf(event).toEqualTypeOf<{ text: string }>(),
  })
  expectTypeOf(room.events).toEqualTypeOf<readonly { text: string }[]>()
  expectTypeOf(room.data).toEqualTypeOf<{ text: string } | undefined>()
  expectTypeOf(room.error).toEqualTypeOf<Error | undefined>()

  const counted = useEventIterator(client.room, {
    input: { roomId: 'a' },
    initial: { data: 0, lastEventId: '1' },
    reduce: (count, event) => count + event.text.length,
  })
  expectTypeOf(counted.data).toEqualTypeOf<number | undefined>()

  expectTypeOf(useEventIterator(client.ticks).data).toEqualTypeOf<number | undefined>()
  useEventIterator(client.ticks, { onEvent: (tick) => expectTypeOf(tick).toEqualTypeOf<number>() })
  useEventIterator(client.filtered, {
    input: {},
    enabled: undefined,
    onEvent: (name) => expectTypeOf(name).toEqualTypeOf<string>(),
  })

  const own = useEventIterator((options) => client.room({ roomId: 'a' }, options), {
    key: ['room', 'a'],
    onEvent: (event) => expectTypeOf(event).toEqualTypeOf<{ text: string }>(),
  })
  expectTypeOf(own.data).toEqualTypeOf<{ text: string } | undefined>()

  // @ts-expect-error the input is missing
  useEventIterator(client.room)
  // @ts-expect-error the input does not fit
  useEventIterator(client.room, { input: { roomId: 1 } })
  // @ts-expect-error it is no stream
  useEventIterator(client.find, { input: { id: 'a' } })
  // @ts-expect-error nothing tells this function from the one of the next render
  useEventIterator((options) => client.room({ roomId: 'a' }, options), {})

  const manual = useManualEventIterator(client.room, { onEvent: ({ text }) => text.length })
  expectTypeOf(manual.connect).toEqualTypeOf<(input: { roomId: string }) => void>()
  // @ts-expect-error the input is missing
  manual.connect()
  useManualEventIterator(client.ticks).connect()
}
