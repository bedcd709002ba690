import { RPCError } from '../../src/core/error.ts'
import { withEventMeta } from '../../src/event/event-meta.ts'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { os } from '../../src/server/builder.ts'
import { type Gate, gate } from '../tools/gate.ts'
import { nativeTypes } from '../tools/native-types.ts'
import { createGapRouter } from './gap-checks.ts'

/** What the procedures can do to the server that they run in. */
export interface PeerServerControl {
  /** Drains the handler. What connects from now on gets another one. */
  drain(): Promise<void>
}

/** What the checks of `peer-checks.ts` call. It runs on every runtime, so it imports nothing of any. */
export function createPeerRouter(control: PeerServerControl): Record<string, any> {
  const gates = new Map<string, Gate>()
  const gateOf = (name: string): Gate => {
    const found = gates.get(name) ?? gate()
    gates.set(name, found)
    return found
  }
  const publisher = new Publisher<Record<string, number>>(new MemoryLog())
  const builder = os.$context<{ readonly user?: string }>()
  const named = <Result>(handler: (name: string) => Result) =>
    builder.handler(({ input }: { input: unknown }) => handler(String(input)))

  return {
    echo: builder.handler(({ input }: { input: unknown }) => input),
    native: builder.handler(() => nativeTypes()),
    nothing: builder.handler(() => undefined),
    user: builder.handler(({ context }) => context.user),
    typedError: builder.errors({ TEAPOT: { status: 418, message: 'short and stout' } }).handler(({ errors }) => {
      throw errors.TEAPOT()
    }),
    plainError: builder.handler(() => {
      throw new RPCError('NOT_FOUND', { message: 'no such thing', data: { id: 1n } })
    }),
    secretError: builder.handler(() => {
      throw new Error('password=hunter2')
    }),
    stream: builder.handler(async function* ({ lastEventId }) {
      yield { lastEventId } as unknown
      yield withEventMeta({ at: new Date(0) }, { id: '7', retry: 100, comments: ['c1'] }) as unknown
      return { bye: true }
    }),
    streamError: builder.handler(async function* () {
      yield 1
      throw new RPCError('CONFLICT', { message: 'nope', data: { x: 1n } })
    }),
    collect: builder.handler(async ({ input }: { input: unknown }) => {
      const received: unknown[] = []
      for (const stream = input as AsyncIterator<unknown>; ; ) {
        const { done, value } = await stream.next()
        if (done) return { received, end: value as unknown }
        received.push(value)
      }
    }),
    text: builder.handler(({ input }: { input: unknown }) => 'x'.repeat(Number(input))),
    pass: named((name) => gateOf(name).opened),
    open: named((name) => gateOf(name).open()),
    /** Waits for its client to leave, then opens the gate of this name. */
    hold: builder.handler(async ({ input, signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      gateOf(String(input)).open()
    }),
    wait: builder.handler(async function* ({ input, signal }) {
      try {
        yield 'waiting'
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
      } finally {
        gateOf(String(input)).open()
      }
    }),
    publish: builder.handler(({ input }: { input: unknown }) => {
      const { channel, value } = input as { readonly channel: string; readonly value: number }
      return publisher.publish(channel, value)
    }),
    subscribe: builder.handler(({ input, signal, lastEventId }) =>
      publisher.subscribe(String(input), { signal, lastEventId }),
    ),
    drain: builder.handler(() => void control.drain()),
    gaps: createGapRouter(),
  }
}
