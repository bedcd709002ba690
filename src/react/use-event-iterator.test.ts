// @vitest-environment happy-dom
import { act, createElement, Fragment, type ReactNode } from 'react'
import { renderToString } from 'react-dom/server'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ReactPage } from '../../test/tools/react-page.ts'
import { RPCError } from '../core/error.ts'
import { type } from '../core/schema.ts'
import { eventGap } from '../event/event-gap-error.ts'
import { attachEventMeta, getEventMeta } from '../event/event-meta.ts'
import type { StreamOptions } from '../live/live-stream.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { Publisher } from '../publisher/publisher.ts'
import { os } from '../server/builder.ts'
import { createRouterClient } from '../server/router-client.ts'
import { useEventIterator } from './use-event-iterator.ts'
import type { EventIteratorResult } from './use-live-view.ts'
import { useManualEventIterator } from './use-manual-event-iterator.ts'

interface Message {
  readonly text: string
}

let publisher: Publisher<{ [room: `room:${string}`]: Message }>
/** Every opening of the stream, as the server sees it. */
let opened: { roomId: string; lastEventId: string | undefined }[]
let isOpen: number
let client: ReturnType<typeof createClient>
let shown: EventIteratorResult<Message, any>
const pages: ReactPage<any>[] = []

function createClient() {
  const router = {
    stream: os.input(type<{ roomId: string }>()).handler(async function* ({ input, signal, lastEventId }) {
      opened.push({ roomId: input.roomId, lastEventId })
      isOpen++
      try {
        yield* publisher.subscribe(`room:${input.roomId}`, { signal, lastEventId, from: 'start' })
      } finally {
        isOpen--
      }
    }),
  }
  return createRouterClient(router)
}

beforeEach(() => {
  publisher = new Publisher(new MemoryLog())
  opened = []
  isOpen = 0
  client = createClient()
})

afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
  await publisher.close()
})

async function open<Props extends object>(
  component: (props: Props) => ReactNode,
  props: Props,
): Promise<ReactPage<Props>> {
  const page = await ReactPage.open<Props>(component, props)
  pages.push(page)
  return page
}

const texts = (): string[] => shown.events.map(({ text }) => text)

async function publish(room: string, ...messages: string[]): Promise<string> {
  let last = ''
  for (const text of messages) last = (await publisher.publish(`room:${room}`, { text })).id
  return last
}

/** A room as a careless user writes it: everything inline. */
function Room({
  roomId,
  onText,
  enabled,
}: {
  roomId: string
  onText?: (text: string) => void
  enabled?: boolean
}): ReactNode {
  shown = useEventIterator(client.stream, {
    input: { roomId },
    enabled,
    onEvent: ({ text }) => onText?.(text),
    onError: () => {},
  })
  return texts().join(' ')
}

describe('a stream in a component', () => {
  test('is opened once under strict mode, with inline callbacks, however often it renders', async () => {
    const heard: string[] = []
    const page = await open(Room, { roomId: 'a', onText: (text) => heard.push(`1 ${text}`) })
    await publish('a', 'one', 'two')
    await page.until(() => shown.events.length === 2)
    await page.render({ roomId: 'a', onText: (text) => heard.push(`2 ${text}`) })
    await publish('a', 'three')
    await page.until(() => shown.events.length === 3)
    expect(page.element.textContent).toBe('one two three')
    expect(shown).toMatchObject({ status: 'open', data: { text: 'three' }, error: undefined })
    expect(heard).toEqual(['1 one', '1 two', '2 three'])
    expect(opened).toHaveLength(1)
  })

  test('gives way to that of another input, and nothing is left of it when the component is gone', async () => {
    const page = await open(Room, { roomId: 'a' })
    await publish('a', 'one')
    await page.until(() => shown.events.length === 1)
    await publish('b', 'two')
    await page.render({ roomId: 'b' })
    await page.until(() => texts()[0] === 'two')
    expect(texts()).toEqual(['two'])
    await vi.waitUntil(() => isOpen === 1)
    await page.close()
    await vi.waitUntil(() => isOpen === 0)
    expect(opened.map(({ roomId }) => roomId)).toEqual(['a', 'b'])
  })

  test('goes on where it was left when the user comes back: nothing missing, nothing twice', async () => {
    const page = await open(Room, { roomId: 'a' })
    const id = await publish('a', 'one')
    await page.until(() => shown.events.length === 1)
    await page.render({ roomId: 'elsewhere' })
    await vi.waitUntil(() => opened.length === 2 && isOpen === 1)
    await publish('a', 'two')
    await page.render({ roomId: 'a' })
    await page.until(() => shown.events.length === 2)
    expect(texts()).toEqual(['one', 'two'])
    expect(opened.at(-1)).toEqual({ roomId: 'a', lastEventId: id })
  })

  test('is not opened while disabled, keeps what came, and goes on when enabled again', async () => {
    const page = await open(Room, { roomId: 'a', enabled: false })
    expect([shown.status, opened.length]).toEqual(['idle', 0])
    await publish('a', 'one')
    await page.render({ roomId: 'a', enabled: true })
    await page.until(() => shown.events.length === 1)
    await page.render({ roomId: 'a', enabled: false })
    await vi.waitUntil(() => isOpen === 0)
    await publish('a', 'two')
    expect([shown.status, texts()]).toEqual(['idle', ['one']])
    await page.render({ roomId: 'a', enabled: true })
    await page.until(() => shown.events.length === 2)
    expect(texts()).toEqual(['one', 'two'])
  })

  test('renders on a server without being opened', () => {
    function Snapshot(): ReactNode {
      const { data, status } = useEventIterator(client.stream, {
        input: { roomId: 'a' },
        initial: { data: 3 },
        reduce: (count: number) => count + 1,
      })
      return `${status} ${data}`
    }
    expect(renderToString(createElement(Snapshot))).toBe('connecting 3')
    expect(opened).toEqual([])
  })
})

describe('components with equal calls', () => {
  let counted: number | undefined

  function Pair({ late = true, roomId = 'a' }: { late?: boolean; roomId?: string }): ReactNode {
    return createElement(Fragment, null, createElement(Room, { roomId }), late && createElement(Counter, { roomId }))
  }

  function Counter({ roomId }: { roomId: string }): ReactNode {
    counted = useEventIterator(client.stream, {
      input: { roomId },
      maxEvents: 1,
      initial: { data: 0 },
      reduce: (count, _event) => count + 1,
    }).data
    return null
  }

  test('share one subscription, each with its own data', async () => {
    const page = await open(Pair, {})
    await publish('a', 'one', 'two')
    await page.until(() => shown.events.length === 2 && counted === 2)
    expect(opened).toHaveLength(1)
    await page.close()
    await vi.waitUntil(() => isOpen === 0)
  })

  test('share it too when one comes later, which gets what it has missed', async () => {
    const page = await open(Pair, { late: false })
    await publish('a', 'one', 'two')
    await page.until(() => shown.events.length === 2)
    await page.render({ late: true })
    await page.until(() => counted === 2)
    await publish('a', 'three')
    await page.until(() => counted === 3 && shown.events.length === 3)
    expect(opened).toHaveLength(1)
    await page.render({ late: false })
    expect(isOpen).toBe(1)
  })
})

test('a snapshot from elsewhere is continued from exactly its id', async () => {
  const id = await publish('a', 'one', 'two')
  await publish('a', 'three')
  function Feed({ snapshot }: { snapshot: readonly string[] }): ReactNode {
    shown = useEventIterator(client.stream, {
      input: { roomId: 'a' },
      initial: { data: snapshot, lastEventId: id },
      reduce: (all, { text }) => [...all, text],
    })
    rendered.push(shown.data)
    return null
  }
  const rendered: unknown[] = []
  const page = await open(Feed, { snapshot: ['one', 'two'] })
  expect(rendered[0]).toEqual(['one', 'two'])
  await page.until(() => shown.data.length === 3)
  expect([shown.data, opened]).toEqual([['one', 'two', 'three'], [{ roomId: 'a', lastEventId: id }]])
})

describe('a function of the user', () => {
  test('is told apart by its key, and may be another one each time', async () => {
    function Own({ roomId }: { roomId: string }): ReactNode {
      shown = useEventIterator((options) => client.stream({ roomId }, options), { key: ['room', roomId] })
      return null
    }
    const page = await open(Own, { roomId: 'a' })
    await publish('a', 'one')
    await page.until(() => shown.events.length === 1)
    await page.render({ roomId: 'a' })
    await page.render({ roomId: 'b' })
    await vi.waitUntil(() => opened.length === 2 && isOpen === 1)
    expect(shown.events).toEqual([])
  })

  test("without a key is its component's alone", async () => {
    let options: StreamOptions | undefined
    function Own(): ReactNode {
      shown = useEventIterator(((given: StreamOptions) => {
        options = given
        return client.stream({ roomId: 'a' }, given)
      }) as never)
      return null
    }
    const page = await open(Own, {})
    await page.render({})
    expect(opened).toHaveLength(1)
    await page.close()
    expect(options?.signal.aborted).toBe(true)
  })
})

describe('what goes wrong', () => {
  /** What each opening does. */
  let scripts: ((options: StreamOptions) => AsyncGenerator<Message>)[]
  let asked: (string | undefined)[]
  let run = 0
  const event = (text: string, id?: string): Message => attachEventMeta({ text }, id === undefined ? {} : { id })
  const failing = async function* (error: unknown, ...before: Message[]): AsyncGenerator<Message> {
    yield* before
    throw error
  }

  beforeEach(() => {
    asked = []
    run++
  })

  function Scripted(options: { onError?: (error: Error) => void; onReset?: (gap: any) => any }): ReactNode {
    shown = useEventIterator(
      (given) => {
        asked.push(given.lastEventId)
        return (scripts.shift() ?? forever)(given)
      },
      { key: ['scripted', run], ...options },
    )
    return null
  }

  async function* forever({ signal }: StreamOptions): AsyncGenerator<Message> {
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }

  test('ends the stream with its error, and restart goes on after the last id', async () => {
    const errors: string[] = []
    scripts = [
      () => failing(new RPCError('INTERNAL_SERVER_ERROR', { message: 'oh' }), event('one', '1')),
      async function* (options) {
        yield event('two', '2')
        yield* forever(options)
      },
    ]
    const page = await open(Scripted, { onError: (error) => errors.push(error.message) })
    await page.until(() => shown.status === 'error')
    expect([texts(), shown.error?.message, errors]).toEqual([['one'], 'oh', ['oh']])
    await act(async () => shown.restart())
    await page.until(() => shown.events.length === 2)
    expect([texts(), shown.status, shown.error, asked]).toEqual([['one', 'two'], 'open', undefined, [undefined, '1']])
  })

  test('begins again on restart where the events had no ids', async () => {
    scripts = [() => failing(new Error('oh'), event('one')), () => failing(new Error('oh'), event('one'))]
    const page = await open(Scripted, {})
    await page.until(() => shown.status === 'error')
    await act(async () => shown.restart())
    await page.until(() => asked.length === 2 && shown.status === 'error')
    expect(texts()).toEqual(['one'])
  })

  test('is tried again when it will pass, and then the stream is whole', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    scripts = [
      () => failing(new RPCError('CONNECTION_FAILED', { status: 503 })),
      () => failing(new RPCError('SERVICE_UNAVAILABLE'), event('one', '1')),
    ]
    const page = await open(Scripted, {})
    await page.until(() => asked.length === 3 && shown.status === 'open')
    expect([texts(), asked]).toEqual([['one'], [undefined, undefined, '1']])
    vi.restoreAllMocks()
  })

  test('is a gap: an error by itself, a new beginning with onReset', async () => {
    const gap = eventGap({ reason: 'trimmed', lastEventId: '1', oldest: '5' })
    scripts = [() => failing(gap, event('one', '1'))]
    const first = await open(Scripted, {})
    await first.until(() => shown.status === 'error')
    expect([(shown.error as RPCError).code, texts()]).toEqual(['EVENT_GAP', ['one']])
    await first.close()

    const gaps: unknown[] = []
    asked = []
    scripts = [
      () => failing(gap, event('one', '1')),
      async function* (options) {
        yield event('six', '6')
        yield* forever(options)
      },
    ]
    const page = await open(Scripted, { onReset: ({ reason }) => void gaps.push(reason) })
    await page.until(() => asked.length === 2 && shown.events.length === 1 && shown.status === 'open')
    expect([texts(), asked, gaps]).toEqual([['six'], [undefined, '5'], ['trimmed']])
  })

  test('is a gap that the server goes on over: begun again with onReset, from its snapshot where there is one', async () => {
    const over = (gone: Message): ((options: StreamOptions) => AsyncGenerator<Message>) =>
      async function* (options) {
        yield event('one', '1')
        options.onGap({ reason: 'trimmed', lastEventId: '1', oldest: '5' } as never)
        yield gone
        yield* forever(options)
      }
    scripts = [over(event('six', '6'))]
    const deaf = await open(Scripted, {})
    await deaf.until(() => shown.events.length === 2)
    await deaf.close()
    run++
    scripts = [over(event('six', '6'))]
    const page = await open(Scripted, { onReset: () => undefined })
    await page.until(() => texts()[0] === 'six')
    await page.close()
    expect([texts(), asked]).toEqual([['six'], [undefined, undefined]])
    run++
    scripts = [over(event('six', '6'))]
    const other = await open(Scripted, { onReset: async () => ({ data: event('snapshot'), lastEventId: '9' }) })
    await other.until(() => asked.length === 4 && shown.status === 'open')
    expect([shown.data, texts(), asked.at(-1)]).toEqual([{ text: 'snapshot' }, [], '9'])
  })

  test('does not keep a stream that ended: it is done, and opened anew by who comes later', async () => {
    const once = async function* (): AsyncGenerator<Message> {
      yield event('one')
    }
    scripts = [once, once]
    const page = await open(Scripted, {})
    await page.until(() => shown.status === 'done')
    await page.close()
    const again = await open(Scripted, {})
    await again.until(() => shown.status === 'done')
    expect([texts(), asked.length]).toEqual([['one'], 2])
  })
})

test('a hundred thousand events render some dozens of times and keep as many as asked for', async () => {
  let renders = 0
  const burst = async function* (): AsyncGenerator<{ n: number }> {
    for (let n = 1; n <= 100_000; n++) yield { n }
  }
  let state: EventIteratorResult<{ n: number }, number> | undefined
  function Burst(): ReactNode {
    renders++
    state = useEventIterator(burst, {
      key: burst,
      maxEvents: 50,
      reduce: (sum, { n }) => sum + n,
      initial: { data: 0 },
    })
    return null
  }
  const page = await open(Burst, {})
  await page.until(() => state?.status === 'done')
  expect(state?.data).toBe(5_000_050_000)
  expect(state?.events.map(({ n }) => n)).toEqual(Array.from({ length: 50 }, (_, index) => 99_951 + index))
  expect(renders).toBeLessThan(300)
})

test('clear forgets what came, and the stream goes on', async () => {
  const page = await open(Room, { roomId: 'a' })
  await publish('a', 'one')
  await page.until(() => shown.events.length === 1)
  await act(async () => shown.clear())
  expect([shown.events, shown.data]).toEqual([[], undefined])
  await publish('a', 'two')
  await page.until(() => shown.events.length === 1)
  expect(texts()).toEqual(['two'])
  expect(getEventMeta(shown.events[0])?.id).toBeDefined()
})

test('by hand it is connected and disconnected, by functions that never change', async () => {
  let manual: ReturnType<typeof useManualEventIterator<{ roomId: string }, Message>> | undefined
  const seen = new Set<unknown>()
  function Manual(): ReactNode {
    manual = useManualEventIterator(client.stream)
    seen.add(manual.connect).add(manual.disconnect).add(manual.clear)
    shown = manual
    return null
  }
  const page = await open(Manual, {})
  expect([manual?.status, opened.length]).toEqual(['idle', 0])
  await act(async () => manual?.connect({ roomId: 'a' }))
  await publish('a', 'one')
  await page.until(() => shown.events.length === 1)
  await act(async () => manual?.disconnect())
  await vi.waitUntil(() => isOpen === 0)
  expect([manual?.status, texts()]).toEqual(['idle', ['one']])
  await act(async () => manual?.connect({ roomId: 'b' }))
  await vi.waitUntil(() => isOpen === 1)
  expect([texts(), opened.map(({ roomId }) => roomId)]).toEqual([[], ['a', 'b']])
})
