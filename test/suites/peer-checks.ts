import { createClient } from '../../src/client/create-client.ts'
import { RPCError } from '../../src/core/error.ts'
import { getEventMeta, withEventMeta } from '../../src/event/event-meta.ts'
import type { PeerLink } from '../../src/session/peer/peer-link.ts'
import { formatEvent } from '../../src/wire/message.ts'
import { Serializer } from '../../src/wire/serializer.ts'
import { nativeTypes } from '../tools/native-types.ts'
import { gapChecks } from './gap-checks.ts'

/** A link to a server of `createPeerRouter`. */
export interface TestLink {
  readonly link: PeerLink<Record<never, never>>
  /** Cuts the connection that is open, so that both sides notice. */
  cut(): void
}

export interface PeerTransport {
  /** @param plain without `headwater.1`. @param user who the server's context names. */
  connect(options: { readonly plain: boolean; readonly user: string }): TestLink
  /** Whether there is a way to connect without `headwater.1`. */
  readonly plain: boolean
}

export interface PeerCheck {
  readonly name: string
  run(): Promise<void>
}

/** The client of a `createPeerRouter`: what it gives is compared, not typed. */
type PeerClient = any

interface Bench {
  readonly client: PeerClient
  readonly plain: boolean
  /** A name that no other check uses, for channels and gates. */
  readonly name: string
  readonly link: PeerLink<Record<never, never>>
  cut(): void
  /** Another client of the same server. */
  other(): PeerClient
}

interface Definition {
  readonly name: string
  /** Only between peers that speak `headwater.1`. */
  readonly extended?: true
  /** Only between peers that do not. */
  readonly plain?: true
  run(bench: Bench): Promise<void>
}

const definitions: readonly Definition[] = [
  {
    name: 'values of every type go both ways',
    async run({ client }) {
      const back = { ...nativeTypes(), inf: null }
      equal(await client.echo(nativeTypes()), back)
      equal(await client.native(), back)
      equal(await client.echo(undefined), undefined)
      equal(await client.nothing(), undefined)
    },
  },
  {
    name: 'files go both ways, alone and inside of values',
    async run({ client }) {
      const file = new File(['hello'], 'héllo wörld.txt', { type: 'text/plain' })
      const { list } = (await client.echo({ list: [file, { again: file }] })) as { list: [File, { again: File }] }
      equal([list[0].name, list[0].size, await list[1].again.text()], [file.name, 5, 'hello'])
      // Bun adds a charset.
      equal(list[0].type.split(';')[0], 'text/plain')
      const alone = (await client.echo(file)) as File
      equal([alone.name, await alone.text()], [file.name, 'hello'])
    },
  },
  {
    name: 'errors arrive as what they are',
    async run({ client }) {
      const typed = await failure(client.typedError())
      equal([typed.code, typed.status, typed.defined, typed.message], ['TEAPOT', 418, true, 'short and stout'])
      const plain = await failure(client.plainError())
      equal([plain.code, plain.defined, plain.data], ['NOT_FOUND', false, { id: 1n }])
      const secret = await failure(client.secretError())
      equal([secret.code, secret.message], ['INTERNAL_SERVER_ERROR', 'Internal server error'])
      equal((await failure(client.nope())).status, 404)
    },
  },
  {
    name: 'a stream carries meta, its return value and the id to begin after',
    async run({ client }) {
      const stream = await client.stream(undefined, { lastEventId: '5' })
      equal((await stream.next()).value, { lastEventId: '5' })
      const { value } = await stream.next()
      equal([value, getEventMeta(value)], [{ at: new Date(0) }, { id: '7', retry: 100, comments: ['c1'] }])
      equal(await stream.next(), { done: true, value: { bye: true } })
    },
  },
  {
    name: 'the error of a stream arrives after its events',
    async run({ client }) {
      const stream = await client.streamError()
      equal((await stream.next()).value, 1)
      const error = await failure(stream.next())
      equal([error.code, error.data], ['CONFLICT', { x: 1n }])
    },
  },
  {
    name: 'a client sends a stream: events, their end, their error',
    async run({ client }) {
      async function* events(): AsyncGenerator<unknown, string> {
        yield 1
        yield withEventMeta({ d: new Date(0) }, { id: 'x' })
        return 'end'
      }
      equal(await client.collect(events()), { received: [1, { d: new Date(0) }], end: 'end' })
      async function* broken(): AsyncGenerator<unknown> {
        yield 1
        throw new RPCError('CONFLICT', { data: 1n })
      }
      equal((await failure(client.collect(broken()))).code, 'CONFLICT')
    },
  },
  {
    name: 'an abort reaches the handler of a call',
    async run({ client, name, other }) {
      const controller = new AbortController()
      const held = client.hold(name, { signal: controller.signal })
      const failed = held.then(
        () => 'answered',
        (error: Error) => error.message,
      )
      await client.nothing()
      controller.abort(new Error('enough'))
      equal(await failed, 'enough')
      await other().pass(name)
    },
  },
  {
    name: 'leaving a stream releases its handler within 100 ms',
    async run({ client, name }) {
      const stream = await client.wait(name)
      equal((await stream.next()).value, 'waiting')
      await within(100, async () => {
        await stream.return()
        await client.pass(name)
      })
    },
  },
  {
    name: 'closing the link releases its handlers',
    async run({ client, name, link, other }) {
      const stream = await client.wait(name)
      await stream.next()
      link.close()
      await other().pass(name)
      equal((await failure(client.nothing())).code, 'CLIENT_CLOSED_REQUEST')
    },
  },
  {
    name: 'calls are answered as they finish, not as they came',
    async run({ client, name }) {
      const order: string[] = []
      const slow = client.pass(name).then(() => order.push('slow'))
      const quick = await Promise.all([1, 2, 3].map((n) => client.echo(n)))
      order.push('quick')
      await client.open(name)
      await slow
      equal(
        [quick, order],
        [
          [1, 2, 3],
          ['quick', 'slow'],
        ],
      )
    },
  },
  {
    name: 'large messages go both ways',
    async run({ client }) {
      const text = 'é😀'.repeat(150_000)
      const [echoed, small] = await Promise.all([client.echo(text), client.echo('small')])
      equal([echoed === text, small], [true, 'small'])
      equal((await client.text(3_000_000)).length, 3_000_000)
      const file = (await client.echo(new File(['y'.repeat(900_000)], 'large.txt'))) as File
      equal((await file.text()).length, 900_000)
    },
  },
  {
    name: 'a stream that is cut goes on without a loss',
    async run({ client, name, cut, other }) {
      const publisher = other()
      const stream = await client.subscribe(name)
      // Asked for before the event is there: plain peers learn only from one where the stream begins.
      const first = stream.next()
      await publisher.nothing()
      await publisher.publish({ channel: name, value: 1 })
      equal((await first).value, 1)
      cut()
      for (const value of [2, 3, 4]) await publisher.publish({ channel: name, value })
      equal(
        [await stream.next(), await stream.next(), await stream.next()].map(({ value }) => value),
        [2, 3, 4],
      )
      await stream.return()
    },
  },
  {
    name: 'a stream that is cut before its first event has a place to go on from',
    extended: true,
    async run({ client, name, cut, other }) {
      const publisher = other()
      const stream = await client.subscribe(name)
      const first = stream.next()
      // An answer comes after the opening of the stream, and its position.
      await client.nothing()
      cut()
      await publisher.publish({ channel: name, value: 1 })
      equal((await first).value, 1)
      await stream.return()
    },
  },
  {
    name: 'the link connects again by itself after a cut',
    async run({ client, cut, link }) {
      equal(await client.echo(1), 1)
      cut()
      await until(() => link.connection.state.status === 'closed')
      equal(await client.echo(2), 2)
    },
  },
  {
    name: 'calls see the context that the connection was upgraded with',
    async run({ client }) {
      equal(await client.user(), 'Ada')
    },
  },
  {
    name: 'draining lets calls finish, and streams go on elsewhere',
    extended: true,
    async run({ client, name, other }) {
      const publisher = other()
      const stream = await client.subscribe(name)
      const first = stream.next()
      await publisher.publish({ channel: name, value: 1 })
      equal((await first).value, 1)
      const slow = client.pass(`${name}-slow`)
      await client.drain()
      await publisher.publish({ channel: name, value: 2 })
      equal((await stream.next()).value, 2)
      await publisher.open(`${name}-slow`)
      equal(await slow, undefined)
      await stream.return()
    },
  },
  ...gapChecks.map(({ name, plain, run }) => ({
    name,
    ...(plain ? { plain } : { extended: true as const }),
    run: ({ client, name, cut }: Bench) => run({ client: client.gaps, name, cut }),
  })),
]

/** What every duplex transport does, as checks for any test runner, or none. They may run one after the other only. */
export function peerChecks(transport: PeerTransport): readonly PeerCheck[] {
  const modes = transport.plain ? [false, true] : [false]
  return modes.flatMap((plain) =>
    definitions
      .filter(({ extended, plain: isPlain }) => (plain ? !extended : !isPlain))
      .map(({ name, run }) => ({
        name: plain ? `${name} (without headwater.1)` : name,
        run: () => runCheck(transport, plain, run),
      })),
  )
}

let count = 0

async function runCheck(transport: PeerTransport, plain: boolean, run: Definition['run']): Promise<void> {
  const links: TestLink[] = []
  const connect = (): TestLink => {
    const opened = transport.connect({ plain, user: 'Ada' })
    links.push(opened)
    return opened
  }
  const { link, cut } = connect()
  try {
    await run({
      client: createClient(link),
      plain,
      link,
      cut,
      // Runs in other runtimes use the same server.
      name: `check-${++count}-${Math.random()}`,
      other: () => createClient(connect().link),
    })
  } finally {
    for (const { link } of links) link.close()
  }
}

const serializer = new Serializer()

function equal(actual: unknown, expected: unknown): void {
  const [one, two] = [actual, expected].map((value) => formatEvent(serializer, value))
  if (one !== two) throw new Error(`Expected ${two}, got ${one}`)
}

async function failure(promise: Promise<unknown>): Promise<RPCError<string, unknown>> {
  const [result] = await Promise.allSettled([promise])
  if (result.status === 'fulfilled') throw new Error('Expected an error')
  return result.reason
}

/** A figure may be missed once on a busy machine; one that is wrong is missed each time. */
async function within(limit: number, run: () => Promise<void>): Promise<void> {
  const start = performance.now()
  await run()
  const took = performance.now() - start
  if (took > limit) throw new Error(`Expected it within ${limit} ms, took ${took}`)
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
