'use client'

import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { useEventIterator } from 'headwater/react'
import type { RouterClient } from 'headwater/server'
import type { router, Snapshot } from '@/server/router'

const client: RouterClient<typeof router> = createClient(new RPCLink({ url: '/rpc' }))

/** Shows what the server has rendered, and goes on behind exactly that. */
export function Counter({ snapshot }: { readonly snapshot: Snapshot }) {
  const { data, status } = useEventIterator(client.counter.changes, {
    initial: { data: snapshot.count, lastEventId: snapshot.lastEventId },
    reduce: (count, { by }) => count + by,
  })
  return (
    <section>
      <p id="count" data-status={status}>
        {data}
      </p>
      <button type="button" onClick={() => client.counter.add({ by: 1 })}>
        Add
      </button>
    </section>
  )
}
