// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type } from '../core/schema.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { Publisher } from '../publisher/publisher.ts'
import { os } from '../server/builder.ts'
import { createRouterClient } from '../server/router-client.ts'
import { eventIteratorStore } from './event-iterator-store.ts'

let publisher: Publisher<{ [room: string]: string }>
let opened: (string | undefined)[]
let open: number

const client = createRouterClient({
  stream: os.input(type<{ roomId: string }>()).handler(({ input, signal, lastEventId }) => {
    opened.push(lastEventId)
    open++
    signal.addEventListener('abort', () => open--)
    return publisher.subscribe(input.roomId, { signal, lastEventId, from: 'start' })
  }),
})

beforeEach(() => {
  publisher = new Publisher(new MemoryLog())
  opened = []
  open = 0
})

afterEach(async () => {
  vi.unstubAllGlobals()
  await publisher.close()
})

test('a store is followed while somebody subscribes, and goes on where it was', async () => {
  const store = eventIteratorStore(client.stream, { input: { roomId: 'a' } })
  const states: (readonly string[])[] = []
  const leave = store.subscribe(({ events }) => states.push(events))
  const leaveToo = store.subscribe(() => {})
  await publisher.publish('a', 'one')
  await vi.waitUntil(() => states.at(-1)?.length === 1)
  leave()
  leave()
  await publisher.publish('a', 'two')
  expect([open, opened.length]).toEqual([1, 1])
  leaveToo()
  await vi.waitUntil(() => open === 0)
  await publisher.publish('a', 'three')
  const leaveAgain = store.subscribe(({ events }) => states.push(events))
  await vi.waitUntil(() => states.at(-1)?.length === 3)
  expect([states.at(-1), opened.length]).toEqual([['one', 'two', 'three'], 2])
  store.clear()
  expect(states.at(-1)).toEqual([])
  leaveAgain()
  await vi.waitUntil(() => open === 0)
})

test('stores of equal calls share a stream, and open none on a server', async () => {
  const stores = [1, 2].map(() => eventIteratorStore(client.stream, { input: { roomId: 'b' } }))
  const leaves = stores.map((store) => store.subscribe(() => {}))
  await vi.waitUntil(() => open === 1)
  for (const leave of leaves) leave()
  await vi.waitUntil(() => open === 0)
  vi.stubGlobal('document', undefined)
  const onServer = eventIteratorStore(client.stream, { input: { roomId: 'c' }, initial: { data: 'snapshot' } })
  let status: string | undefined
  onServer.subscribe((state) => {
    status = `${state.status} ${state.data}`
  })()
  expect([status, opened.length]).toEqual(['connecting snapshot', 1])
})
