import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { rejection } from '../../test/tools/probes.ts'
import { TabLocks } from '../../test/tools/tab-locks.ts'
import { createClientProxy } from '../contract/client-proxy.ts'
import { RPCError } from '../core/error.ts'
import { getEventMeta, withEventMeta } from '../event/event-meta.ts'
import { EventPublisher } from '../event/event-publisher.ts'
import { acrossTabs, tabNameOf } from './across-tabs.ts'
import type { StreamOptions } from './live-stream.ts'
import type { OpenedStream } from './stream-place.ts'

interface Message {
  readonly n: unknown
}

let events: EventPublisher<{ message: Message; end: RPCError | string }>
/** After which event the stream was opened, each time. */
let opened: (string | undefined)[]
let names = 0
let name: string
const tabs: { readonly controller: AbortController; readonly stream: OpenedStream<Message> }[] = []

/** A stream of live events; its ids are their numbers. */
async function* open({ signal, lastEventId }: StreamOptions): AsyncGenerator<Message> {
  opened.push(lastEventId)
  const messages = events.subscribe('message', { signal })
  const end = events.subscribe('end', { signal }).next()
  end.catch(() => {})
  for (;;) {
    const next = messages.next()
    const result = await Promise.race([next, end])
    if (result.value instanceof RPCError) throw result.value
    if (typeof result.value === 'string') return
    const message = result.value as Message
    yield withEventMeta(message, { id: String(message.n) })
  }
}

interface TabOptions {
  readonly whole?: boolean
  readonly limit?: number
  readonly lastEventId?: string
}

async function openTab({ whole = false, limit = 100, lastEventId }: TabOptions = {}): Promise<OpenedStream<Message>> {
  const controller = new AbortController()
  const { signal } = controller
  const options = { signal, lastEventId, onConnectionState: () => {}, onGap: () => {} }
  const stream = await acrossTabs(open, { name, whole, limit })(options)
  tabs.push({ controller, stream })
  return stream
}

async function take(stream: OpenedStream<Message>, count: number): Promise<unknown[]> {
  const taken: unknown[] = []
  while (taken.length < count) taken.push(((await stream.next()).value as Message).n)
  return taken
}

beforeEach(() => {
  vi.stubGlobal('navigator', { locks: new TabLocks() })
  events = new EventPublisher()
  opened = []
  name = `tabs ${++names}`
})

afterEach(async () => {
  for (const { controller, stream } of tabs.splice(0)) {
    controller.abort()
    await stream.return?.()
  }
  vi.unstubAllGlobals()
})

describe('a stream of several tabs', () => {
  test('is opened by one, and all have its events with their ids', async () => {
    const [one, two] = [await openTab(), await openTab()]
    const taking = Promise.all([one.next(), two.next()])
    await vi.waitUntil(() => events.subscriberCount('message') === 1)
    events.publish('message', { n: 1 })
    const [first, second] = await taking
    expect([first.value, second.value, opened]).toEqual([{ n: 1 }, { n: 1 }, [undefined]])
    expect(getEventMeta(second.value)?.id).toBe('1')
  })

  test('gives who comes later what is kept, and who needs all of it a stream of its own where that is gone', async () => {
    const one = await openTab({ limit: 2 })
    const taking = take(one, 3)
    await vi.waitUntil(() => events.subscriberCount('message') === 1)
    for (const n of [1, 2, 3]) events.publish('message', { n })
    await taking
    expect(await take(await openTab(), 2)).toEqual([2, 3])
    expect(await take(await openTab({ lastEventId: '2' }), 1)).toEqual([3])
    expect(opened).toHaveLength(1)
    const needs = await openTab({ whole: true })
    needs.next().catch(() => {})
    expect(opened).toEqual([undefined, undefined])
    const elsewhere = await openTab({ lastEventId: 'elsewhere' })
    elsewhere.next().catch(() => {})
    expect(opened.at(-1)).toBe('elsewhere')
  })

  test('goes on behind the last event in another tab when the first one goes', async () => {
    const [one, two] = [await openTab(), await openTab()]
    const taking = Promise.all([take(one, 1), take(two, 1)])
    await vi.waitUntil(() => events.subscriberCount('message') === 1)
    events.publish('message', { n: 1 })
    await taking
    await one.return?.()
    const next = two.next()
    await vi.waitUntil(() => opened.length === 2)
    await vi.waitUntil(() => events.subscriberCount('message') === 1)
    events.publish('message', { n: 2 })
    expect([(await next).value, opened]).toEqual([{ n: 2 }, [undefined, '1']])
  })

  test('ends and fails in all of them, once', async () => {
    for (const end of ['over', new RPCError('FORBIDDEN', { message: 'Not any more' })]) {
      const [one, two] = [await openTab(), await openTab()]
      const ends = [one.next(), two.next()].map((next) => next.then(({ done }) => done, String))
      await vi.waitUntil(() => events.subscriberCount('end') === 1)
      events.publish('end', end)
      const expected = typeof end === 'string' ? true : 'RPCError: Not any more'
      expect(await Promise.all(ends)).toEqual([expected, expected])
      expect(opened).toHaveLength(1)
      opened.length = 0
      name = `tabs ${++names}`
    }
  })

  test('is refused in all of them when it is refused to one', async () => {
    const refuse = async () => Promise.reject(new RPCError('UNAUTHORIZED'))
    const options = {
      signal: new AbortController().signal,
      lastEventId: undefined,
      onConnectionState: () => {},
      onGap: () => {},
    }
    const refused = [1, 2].map(() => acrossTabs(refuse, { name, whole: false, limit: 1 })(options))
    for (const stream of refused) expect((await rejection(stream as Promise<never>)).code).toBe('UNAUTHORIZED')
  })

  test('is one for each where its events cannot be copied', async () => {
    const [one, two] = [await openTab(), await openTab()]
    const taking = [one.next(), two.next()]
    await vi.waitUntil(() => events.subscriberCount('message') === 1)
    const function_ = (): void => {}
    events.publish('message', { n: function_ })
    expect((await taking[0])?.value).toEqual({ n: function_ })
    await vi.waitUntil(() => events.subscriberCount('message') === 2)
    events.publish('message', { n: 2 })
    expect([(await taking[1])?.value, (await one.next()).value]).toEqual([{ n: 2 }, { n: 2 }])
  })
})

test('where the browser has no locks it is one for each', async () => {
  vi.stubGlobal('navigator', {})
  const [one, two] = [await openTab(), await openTab()]
  for (const tab of [one, two]) tab.next().catch(() => {})
  await vi.waitUntil(() => opened.length === 2)
})

test('calls are equal in all tabs by their path and input, if those can be compared', () => {
  const client = createClientProxy(async () => undefined) as Record<string, Record<string, () => unknown>>
  const stream = client['chat']?.['stream']
  const name = tabNameOf(stream, true, { input: { b: 1, a: new Date(0) } })
  expect(tabNameOf(stream, true, { input: { a: new Date(0), b: 1, c: undefined } })).toBe(name)
  expect(tabNameOf(stream, 'other', { input: { b: 1, a: new Date(0) } })).not.toBe(name)
  expect(tabNameOf(stream, false, {})).toBeUndefined()
  expect(tabNameOf(stream, true, { context: new (class {})() })).toBeUndefined()
  expect(tabNameOf(() => {}, true, {})).toBeUndefined()
  expect(tabNameOf(() => {}, true, { key: 'chat' })).toBeDefined()
})
