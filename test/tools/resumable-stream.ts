import { expect, vi } from 'vitest'
import { RPCError } from '../../src/core/error.ts'
import type { ConnectionState } from '../../src/event/connection-state.ts'
import type { EventMeta } from '../../src/event/event-meta.ts'
import {
  ResumableStream,
  type ResumableStreamOptions,
  type StreamFrame,
  type StreamSource,
} from '../../src/event/resume.ts'

export const event = (value: unknown, meta?: EventMeta): StreamFrame => ({ type: 'event', value, meta })
export const position = (id: string): StreamFrame => ({ type: 'alive', meta: { id } })
export const retryHint = (retry: number): StreamFrame => ({ type: 'alive', meta: { retry } })
export const done = (value?: unknown): StreamFrame => ({ type: 'done', value })

/** A transport whose frames the test gives; `'cut'` ends it without the stream having ended. */
export class FakeSource implements StreamSource {
  readonly #frames: (StreamFrame | 'cut')[]
  #waiting: ((frame: StreamFrame | undefined) => void) | undefined
  closed = 0
  checks = 0

  constructor(...frames: (StreamFrame | 'cut')[]) {
    this.#frames = frames
  }

  next(): Promise<StreamFrame | undefined> {
    const frame = this.closed > 0 ? 'cut' : this.#frames.shift()
    if (frame !== undefined) return Promise.resolve(frame === 'cut' ? undefined : frame)
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }

  /** Cuts the transport while it is waited for. */
  cut(): void {
    this.#waiting?.(undefined)
  }

  check(): void {
    this.checks++
  }

  close(): void {
    this.closed++
    this.cut()
  }
}

/** What opening a transport comes to. */
type Opening = FakeSource | Error | Promise<FakeSource>

interface StreamUnderTest {
  readonly stream: ResumableStream
  /** The ids with which transports were opened. */
  readonly opened: (string | undefined)[]
  readonly states: ConnectionState[]
}

/** A stream over the given transports, one after the other; its waits are the longest that chance allows. */
export function createStream(
  openings: readonly Opening[],
  options: Partial<ResumableStreamOptions> = {},
): StreamUnderTest {
  const opened: (string | undefined)[] = []
  const states: ConnectionState[] = []
  const stream = new ResumableStream({
    mode: true,
    backoff: { random: () => 1 },
    onState: (state) => states.push(state),
    open: async (lastEventId) => {
      const opening = openings[opened.length]
      opened.push(lastEventId)
      if (opening === undefined || opening instanceof Error) throw opening ?? new RPCError('NOT_FOUND')
      return opening
    },
    ...options,
  })
  return { stream, opened, states }
}

export async function startStream(...args: Parameters<typeof createStream>): Promise<StreamUnderTest> {
  const created = createStream(...args)
  await created.stream.start()
  return created
}

/** What a promise comes to, without a moment in which its rejection is unhandled. */
export function settled(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error)
}

/** The value that comes next; the fake time passes as it has to. */
export async function nextValue(stream: ResumableStream): Promise<unknown> {
  const pending = settled(stream.next())
  await vi.advanceTimersByTimeAsync(60_000)
  const result = await pending
  if (result instanceof Error) throw result
  return (result as IteratorResult<unknown>).value
}

/** How long the stream has waited, each time. */
export function waits(states: readonly ConnectionState[]): number[] {
  return states.flatMap((state) => (state.status === 'waiting' ? [state.delay] : []))
}

/** Lets fake time pass, and what follows from it. */
export async function advance(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds)
}

/** A transport that shows a position and is cut. */
export function cutSource(): FakeSource {
  return new FakeSource(position('1'), 'cut')
}

/** A stream that has been cut and waits, with the `next()` that is pending. */
export async function waitingStream(
  openings: readonly Opening[] = [cutSource()],
  options: Partial<ResumableStreamOptions> = {},
): Promise<StreamUnderTest & { readonly pending: Promise<unknown> }> {
  const created = await startStream(openings, options)
  const pending = settled(created.stream.next())
  await advance(0)
  expect(created.states.at(-1)).toMatchObject({ status: 'waiting' })
  return { ...created, pending }
}
