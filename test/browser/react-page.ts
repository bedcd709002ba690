import { createElement, type ReactNode, StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { createClient } from '../../src/client/create-client.ts'
import type { ProcedureClient } from '../../src/contract/procedure-client.ts'
import type { EventIterator } from '../../src/event/event-iterator.ts'
import { useConnectionState } from '../../src/react/use-connection-state.ts'
import { useEventIterator } from '../../src/react/use-event-iterator.ts'
import { RPCLink } from '../../src/transport/fetch/rpc-link.ts'

// Bundled for a page: a room whose component has everything inline, beside another one with an equal call.

interface PageClient {
  readonly room: ProcedureClient<{ readonly roomId: string }, EventIterator<{ readonly n: number }>, never>
  readonly burst: ProcedureClient<undefined, EventIterator<{ readonly n: number }>, never>
}

const link = new RPCLink({ url: `${location.origin}/rpc`, backoff: { initialDelay: 20, maxDelay: 200 } })
const client: PageClient = createClient(link)

const tabs = location.search === '?tabs'

function Room(): ReactNode {
  const { events, status } = useEventIterator(client.room, { input: { roomId: 'a' }, tabs, onEvent: () => {} })
  const numbers = events.map(({ n }) => n).join(' ')
  return createElement('p', { id: 'room', 'data-status': status }, numbers)
}

function Counter(): ReactNode {
  const { data } = useEventIterator(client.room, {
    input: { roomId: 'a' },
    tabs,
    initial: { data: 0 },
    reduce: (count, _event) => count + 1,
  })
  return createElement('p', { id: 'counter' }, data)
}

function Burst(): ReactNode {
  const { data, events, status } = useEventIterator(client.burst, {
    maxEvents: 100,
    initial: { data: 0 },
    reduce: (sum, { n }) => sum + n,
  })
  const items = events.map(({ n }) => createElement('li', { key: n }, n))
  return createElement('div', { id: 'burst', 'data-status': status, 'data-sum': data }, items)
}

function Page(): ReactNode {
  const [view, setView] = useState('rooms')
  const { status } = useConnectionState(link)
  const buttons = ['rooms', 'burst', 'nothing'].map((name) =>
    createElement('button', { key: name, id: `to-${name}`, type: 'button', onClick: () => setView(name) }, name),
  )
  return createElement('main', { id: 'page', 'data-connection': status }, [
    ...buttons,
    view === 'rooms' && [createElement(Room, { key: 'room' }), createElement(Counter, { key: 'counter' })],
    view === 'burst' && createElement(Burst, { key: 'burst' }),
  ])
}

new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) longTasks.push({ startTime, duration })
}).observe({ type: 'longtask' })
const longTasks: { startTime: number; duration: number }[] = []
Object.assign(globalThis, { longTasks })

const root = document.createElement('div')
document.body.append(root)
createRoot(root).render(createElement(StrictMode, null, createElement(Page)))
