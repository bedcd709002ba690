import { afterEach, expect, test, vi } from 'vitest'
import { createPaired, type Paired, type PairedOptions } from '../../../test/tools/connection-pair.ts'
import { gate } from '../../../test/tools/gate.ts'
import { later, outcome, rejection, settle, take } from '../../../test/tools/probes.ts'
import { createClient } from '../../client/create-client.ts'
import { RPCError } from '../../core/error.ts'
import { MemoryLog } from '../../publisher/memory-log.ts'
import { Publisher } from '../../publisher/publisher.ts'
import { os } from '../../server/builder.ts'
import type { Router } from '../../server/router.ts'
import { RPCPeers } from './rpc-peers.ts'

const FAST = { backoff: { initialDelay: 1, maxDelay: 2 } }

let paired: Paired | undefined

afterEach(() => {
  paired?.link.close()
  vi.useRealTimers()
})

function connect(router: Router, options: PairedOptions = {}): Paired & { readonly client: any } {
  paired = createPaired(router, { ...options, link: { ...FAST, ...options.link } })
  return { ...paired, client: createClient<any>(paired.link) }
}

/** The same numbers for the same seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

test('calls that were not sent yet wait for the connection', async () => {
  const opened = gate()
  const { client } = connect({ ping: os.handler(() => 'pong') }, { onDial: () => opened.opened })
  const calls = later(Promise.all([client.ping(), client.ping()]))
  expect(await outcome(calls)).toBe('pending')
  opened.open()
  expect(await calls).toEqual(['pong', 'pong'])
})

test('a call under way fails with CONNECTION_LOST when the connection is cut, and the next one gets another', async () => {
  const { client, dialer } = connect({ wait: os.handler(() => new Promise(() => {})), ping: os.handler(() => 'pong') })
  const waiting = later(client.wait())
  expect(await client.ping()).toBe('pong')
  dialer.pair.cut()
  expect(await rejection(waiting)).toMatchObject({ code: 'CONNECTION_LOST', status: 503 })
  expect(await client.ping()).toBe('pong')
  expect(dialer.pairs).toHaveLength(2)
})

test('over 1,000 random cuts every call is carried out at most once, and once if it was answered', async () => {
  const random = seeded(4)
  const executions = new Map<number, number>()
  const { client, dialer } = connect(
    {
      count: os.handler(({ input }) => {
        executions.set(input as number, (executions.get(input as number) ?? 0) + 1)
        return input
      }),
    },
    {
      onDial: (pair) => {
        let left = Math.floor(random() * 12)
        pair.onFrame = () => left-- > 0
      },
    },
  )
  let number = 0
  let lost = 0
  const answered: number[] = []
  const caller = async (): Promise<void> => {
    while (dialer.pairs.length < 1000) {
      const own = number++
      try {
        answered.push(await client.count(own))
      } catch (error) {
        expect(error).toMatchObject({ code: 'CONNECTION_LOST' })
        lost++
      }
    }
  }
  await Promise.all([caller(), caller(), caller()])
  expect(lost).toBeGreaterThan(100)
  expect(answered.length).toBeGreaterThan(100)
  expect([...executions.values()].every((count) => count === 1)).toBe(true)
  expect(answered.every((own) => executions.get(own) === 1)).toBe(true)
}, 60_000)

test('streams over a log have no hole and no repeat, wherever their connections are cut, and leave no ghost', async () => {
  const random = seeded(7)
  const log = new MemoryLog()
  const publisher = new Publisher<Record<string, any>>(log)
  const open = new Set<AbortSignal>()
  const { client, dialer } = connect(
    {
      watch: os.handler(async function* ({ lastEventId, signal }) {
        open.add(signal)
        try {
          yield* publisher.subscribe('room', { signal, lastEventId })
        } finally {
          open.delete(signal)
        }
      }),
      pass: os.handler(({ lastEventId, signal }) => publisher.subscribe('room', { signal, lastEventId })),
    },
    {
      onDial: (pair) => {
        let left = 3 + Math.floor(random() * 40)
        pair.onFrame = () => left-- > 0
      },
    },
  )
  const opening = async (name: string): Promise<AsyncIterator<any>> => {
    for (;;) {
      try {
        return await client[name]()
      } catch (error) {
        expect(error).toMatchObject({ code: 'CONNECTION_LOST' })
      }
    }
  }
  const streams = [await opening('watch'), await opening('pass'), await opening('pass')]
  const last = 300
  let reading = streams.length
  const readToLast = async (stream: AsyncIterator<{ n: number }>): Promise<number[]> => {
    const numbers: number[] = []
    while ((numbers.at(-1) ?? 0) < last) numbers.push((await stream.next()).value.n)
    reading--
    return numbers
  }
  const received = Promise.all(streams.map(readToLast))
  for (let n = 0; reading > 0; n++) {
    await publisher.publish('room', { n })
    await settle()
  }
  // A stream whose opening was cut before it had shown where it stands begins later; from there on nothing is missing.
  for (const numbers of await received) {
    const first = numbers[0] as number
    expect(first).toBeLessThan(last / 2)
    expect(numbers).toEqual(Array.from({ length: last - first + 1 }, (_, index) => first + index))
  }
  expect(dialer.pairs.length).toBeGreaterThan(20)
  await Promise.all(streams.map((stream) => stream.return?.()))
  await vi.waitFor(() => expect(open.size).toBe(0))
  await publisher.close()
  await log.close()
}, 60_000)

test('a call that is aborted while connecting leaves nothing behind', async () => {
  const opened = gate()
  const executed = vi.fn()
  const { client, dialer, link } = connect({ ping: os.handler(executed) }, { onDial: () => opened.opened })
  const abort = new AbortController()
  const call = later(client.ping(undefined, { signal: abort.signal }))
  await settle()
  abort.abort(new Error('no more'))
  expect(await rejection(call)).toMatchObject({ message: 'no more' })
  opened.open()
  await settle()
  await settle()
  expect(link.connection.state.status).toBe('closed')
  expect(dialer.pairs.every(({ client }) => client.closed !== undefined)).toBe(true)
  expect(executed).not.toHaveBeenCalled()
})

test('a call with a signal that has aborted is not made', async () => {
  const { client, dialer } = connect({ ping: os.handler(() => 'pong') })
  expect(await rejection(client.ping(undefined, { signal: AbortSignal.abort() }))).toBeDefined()
  expect(dialer.pairs).toHaveLength(0)
})

test('aborting a call reaches its handler, even when the server needs no more of its input', async () => {
  const aborted = gate()
  const { client, dialer } = connect({
    wait: os.handler(({ signal, input }) => {
      void (input as AsyncIterator<number>).return?.()
      signal.addEventListener('abort', () => aborted.open())
      return new Promise(() => {})
    }),
  })
  const abort = new AbortController()
  const never = async function* (): AsyncGenerator<number> {
    yield 1
    await new Promise(() => {})
  }
  const call = later(client.wait(never(), { signal: abort.signal }))
  await vi.waitFor(() => expect(dialer.pair?.server.sent.some((frame) => String(frame).includes('"t":4'))).toBe(true))
  await settle()
  abort.abort()
  await rejection(call)
  await aborted.opened
})

test('leaving a stream ends it on the server, and so does the end of the connection', async () => {
  const signals: AbortSignal[] = []
  const { client, dialer } = connect({
    wait: os.handler(async function* ({ signal }) {
      signals.push(signal)
      yield 'first'
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    }),
  })
  const stream = await client.wait()
  await stream.next()
  await stream.return()
  await vi.waitFor(() => expect(signals[0]?.aborted).toBe(true))
  const other = await client.wait(undefined, { resume: false })
  const next = later(other.next().then(() => other.next()))
  await settle()
  dialer.pair.cut()
  expect(await rejection(next)).toMatchObject({ code: 'STREAM_INTERRUPTED' })
  expect(signals[1]?.aborted).toBe(true)
})

test.each([
  [4000, 2],
  [4002, 2],
  [4003, 2],
  [1006, 2],
  [1011, 2],
  [4429, 2],
  [4401, 1],
  [4403, 1],
  [4499, 1],
  [4100, 1],
])('after close code %i a stream has seen %i connections', async (code, connections) => {
  const { client, dialer } = connect({
    wait: os.handler(async function* ({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      yield 1
    }),
  })
  const next = later((await client.wait()).next())
  dialer.pair.server.close(code, 'Because')
  if (connections === 1) {
    expect(await rejection(next)).toMatchObject({ message: 'Because', status: code === 4100 ? 410 : code - 4000 })
    expect(dialer.pairs).toHaveLength(1)
  } else {
    await vi.waitFor(() => expect(dialer.pairs).toHaveLength(2))
    expect(await outcome(next)).toBe('pending')
  }
})

test('a server that accepts and closes at once is not hammered: the waits grow', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
  const { client, dialer, link } = connect(
    { ping: os.handler(() => 'pong') },
    {
      link: { backoff: { initialDelay: 100, maxDelay: 10_000, random: () => 1 } },
      onDial: (pair) => {
        pair.onFrame = () => false
      },
    },
  )
  const delays: number[] = []
  link.connection.subscribe(() => {
    const { state } = link.connection
    if (state.status === 'waiting') delays.push(state.delay)
  })
  let calling = true
  const caller = async (): Promise<void> => {
    while (calling) await rejection(client.ping())
  }
  const called = caller()
  for (let second = 0; second < 300; second++) {
    await vi.advanceTimersByTimeAsync(100)
    await settle()
  }
  expect(dialer.pairs.length).toBeLessThan(15)
  expect(delays.slice(0, 5).map(Math.round)).toEqual([100, 200, 400, 800, 1600])
  calling = false
  link.close()
  await called
})

test('a server that drains whoever comes is not hammered either', async () => {
  const router = {
    wait: os.handler(async function* () {
      await new Promise(() => {})
      yield 1
    }),
  }
  const { client, dialer, peers } = connect(router, {
    link: { backoff: { initialDelay: 200, maxDelay: 200, random: () => 1 } },
  })
  const stream = await client.wait()
  void later(stream.next())
  await settle()
  await peers.drain()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(dialer.pairs.length).toBeLessThan(5)
})

test('a cut long ago does not make the next call wait', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
  const { client, dialer } = connect(
    { ping: os.handler(() => 'pong') },
    { link: { backoff: { initialDelay: 10_000, random: () => 1 } } },
  )
  await client.ping()
  dialer.pair.cut()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(await client.ping()).toBe('pong')
})

test('draining moves streams to another server without loss, while a long call finishes on the old one', async () => {
  const log = new MemoryLog()
  const publisher = new Publisher<Record<string, any>>(log)
  const release = gate()
  const started = gate()
  const router = {
    slow: os.handler(async () => {
      started.open()
      await release.opened
      return 'finished'
    }),
    watch: os.handler(({ lastEventId, signal }) => publisher.subscribe('room', { signal, lastEventId })),
  }
  const { client, dialer, peers } = connect(router)
  const stream = await client.watch()
  await publisher.publish('room', { n: 0 })
  const slow = client.slow()
  await started.opened
  expect(await take(stream as any, 1)).toEqual([{ n: 0 }])
  const next = take(stream as any, 20)
  dialer.peers = new RPCPeers(router, {})
  const drained = peers.drain()
  for (let n = 1; n <= 20; n++) {
    await publisher.publish('room', { n })
    await settle()
  }
  expect(await next).toEqual(Array.from({ length: 20 }, (_, index) => ({ n: index + 1 })))
  expect(dialer.pairs).toHaveLength(2)
  expect(dialer.pairs[0]?.client.closed).toBeUndefined()
  release.open()
  expect(await slow).toBe('finished')
  await drained
  expect(dialer.pairs[0]?.client.closed).toBeDefined()
  await stream.return()
  await publisher.close()
  await log.close()
})

test('closing the link ends calls, streams and those that wait, at once', async () => {
  const { client, link, dialer } = connect(
    {
      wait: os.handler(() => new Promise(() => {})),
      watch: os.handler(async function* () {
        await new Promise(() => {})
        yield 1
      }),
    },
    { link: { backoff: { initialDelay: 60_000, random: () => 1 } } },
  )
  const stream = await client.watch()
  const next = later(stream.next())
  const call = later(client.wait())
  await settle()
  link.close()
  expect(await rejection(call)).toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' })
  expect(await rejection(next)).toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' })
  expect(await rejection(client.wait())).toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' })
  expect(dialer.pairs).toHaveLength(1)
  expect(dialer.pair.client.closed?.code).toBe(1000)
})

test('closing the link ends a stream that waits to reconnect', async () => {
  const { client, link, dialer } = connect(
    {
      watch: os.handler(async function* () {
        await new Promise(() => {})
        yield 1
      }),
    },
    { link: { backoff: { initialDelay: 60_000, random: () => 1 } } },
  )
  const next = later((await client.watch()).next())
  dialer.pair.cut()
  await settle()
  expect(link.connection.state.status).toBe('waiting')
  link.close()
  expect(await rejection(next)).toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' })
})

test('credit bounds what a slow reader holds, and gives all in the end', async () => {
  let pulled = 0
  const { client, dialer } = connect({
    bulk: os.handler(async function* () {
      for (; pulled < 1000; pulled++) yield 'x'.repeat(10_000)
    }),
    ping: os.handler(() => 'pong'),
  })
  const stream = await client.bulk()
  await settle()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(pulled).toBeLessThan(40)
  expect(await client.ping()).toBe('pong')
  let received = 0
  for await (const _ of stream as AsyncIterable<string>) received++
  expect(received).toBe(1000)
  expect(dialer.pair.client.sent.some((frame) => String(frame).includes('"t":8'))).toBe(true)
})

test('a long answer, a long input and a long event come through, cut in chunks, several at a time', async () => {
  const { client, dialer } = connect({
    echo: os.handler(({ input }) => input),
    stream: os.handler(async function* ({ input }) {
      yield input
    }),
  })
  const inputs = Array.from({ length: 12 }, (_, index) => String(index).repeat(400_000))
  expect(await client.echo('hello')).toBe('hello')
  expect(await Promise.all(inputs.map((input) => client.echo(input)))).toEqual(inputs)
  expect(await take(await client.stream(inputs[1]), 1)).toEqual([inputs[1]])
  expect(dialer.pairs).toHaveLength(1)
  expect(Math.max(...dialer.pair.server.sent.map(({ length }) => length))).toBeLessThan(70_000)
})

test('an upload that is aborted in the midst of its chunks leaves the connection as it was', async () => {
  const { client, dialer } = connect({ echo: os.handler(({ input }) => input) })
  await client.echo('hello')
  dialer.pair.paused = true
  const abort = new AbortController()
  const call = later(client.echo('x'.repeat(900_000), { signal: abort.signal }))
  await settle()
  abort.abort()
  await rejection(call)
  dialer.pair.resume()
  expect(await client.echo('again')).toBe('again')
  expect(dialer.pairs).toHaveLength(1)
})

test('a proof that comes with the connection is refreshed before it expires, and asked for anew at each connect', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
  let token = 0
  const seen: string[] = []
  const { client, dialer } = connect(
    { who: os.handler(({ context }) => (context as { user: string }).user) },
    {
      link: { connectionHeaders: () => ({ Authorization: `t${++token}` }) },
      peer: {
        authenticate: (headers) => {
          const user = headers.get('authorization') as string
          seen.push(user)
          return { context: { user }, expires: Date.now() + 60_000 }
        },
      },
    },
  )
  expect(await client.who()).toBe('t1')
  await vi.advanceTimersByTimeAsync(31_000)
  await settle()
  await settle()
  expect(await client.who()).toBe('t2')
  expect(dialer.pairs).toHaveLength(1)
  dialer.pair.cut()
  await vi.advanceTimersByTimeAsync(1000)
  expect(await client.who()).toBe('t3')
  expect(seen).toEqual(['t1', 't2', 't3'])
})

test('a refused proof stops the link, and calls say why', async () => {
  const { client, dialer } = connect(
    { ping: os.handler(() => 'pong') },
    {
      link: { connectionHeaders: { authorization: 'wrong' } },
      peer: {
        authenticate: () => {
          throw new RPCError('FORBIDDEN', { message: 'Not you' })
        },
      },
    },
  )
  expect(await rejection(client.ping())).toMatchObject({ code: 'FORBIDDEN', message: 'Not you' })
  expect(dialer.pairs).toHaveLength(1)
})
