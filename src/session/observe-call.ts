import { RPCError } from '../core/error.ts'
import type { EventGapData } from '../event/event-gap.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { HibernationEventIterator } from '../event/hibernation-event-iterator.ts'
import { mapEventIterator } from '../event/map-event-iterator.ts'

/** What has become of a call, and of the stream that came out of it. */
export interface CallEnd {
  /** From the call to its end, in ms. */
  readonly duration: number
  /** `'left'`: the caller did not wait for the end. */
  readonly outcome: 'success' | 'error' | 'left'
  /** With `'error'`. */
  readonly error?: unknown
  /** Of a stream that was opened. */
  readonly stream?: { readonly events: number; readonly gaps: number } | undefined
}

export interface CallObserver {
  /** Without one, leaving shows only in a stream that is left. */
  readonly signal?: AbortSignal | undefined
  /** The answer is a stream, and open. */
  readonly onOpen?: (() => void) | undefined
  readonly onGap?: ((gap: EventGapData) => void) | undefined
  /** Once, when the answer is there, or its stream is over. */
  readonly onEnd: (end: CallEnd) => void
}

/**
 * Runs a call and watches it to its end, that of its stream included. What comes out is the same.
 *
 * @param run is given what has to be called for gaps where the call itself is told of them: at a client.
 */
export async function observeCall(
  run: (onGap: (gap: EventGapData) => void) => Promise<unknown>,
  { signal, onOpen, onGap, onEnd }: CallObserver,
): Promise<unknown> {
  const startedAt = performance.now()
  const stream = { events: 0, gaps: 0 }
  let isOpen = false
  let isOver = false
  const end = (outcome: CallEnd['outcome'], error?: unknown): void => {
    if (isOver) return
    isOver = true
    const duration = performance.now() - startedAt
    onEnd({ duration, outcome, ...(outcome === 'error' ? { error } : {}), ...(isOpen ? { stream } : {}) })
  }
  const fail = (error: unknown): void => {
    const hasLeft = signal?.aborted || (error instanceof RPCError && error.code === 'CLIENT_CLOSED_REQUEST')
    if (hasLeft) end('left')
    else end('error', error)
  }
  // A client is told of a gap, and may pass it on.
  const told = new WeakSet<EventGapData>()
  const tellGap = (gap: EventGapData): void => {
    if (told.has(gap)) return
    told.add(gap)
    stream.gaps++
    onGap?.(gap)
  }
  let output: unknown
  try {
    output = await run(tellGap)
  } catch (error) {
    fail(error)
    throw error
  }
  if (!isEventSource(output)) {
    end('success')
    return output
  }
  isOpen = true
  onOpen?.()
  // Its events do not pass here.
  if (output instanceof HibernationEventIterator) {
    end('success')
    return output
  }
  return mapEventIterator(output, {
    value: (value) => {
      stream.events++
      return value
    },
    done: (value) => {
      end('success')
      return value
    },
    error: (error) => {
      fail(error)
      return error
    },
    gap: tellGap,
    finally: () => end('left'),
  })
}
