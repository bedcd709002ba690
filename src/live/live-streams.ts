import { LiveStream, type OpenStream } from './live-stream.ts'

interface Kept {
  readonly stream: LiveStream<any>
  timer?: ReturnType<typeof setTimeout> | undefined
}

export interface StreamRequest<Event> {
  readonly open: OpenStream<Event>
  /** After which event it begins. */
  readonly lastEventId: string | undefined
  /** Whether every event since then is needed, and not only the newest ones. */
  readonly whole: boolean
  /** How long, in ms, it is kept when nobody shows it. Asked when that has become so. */
  readonly gcTime: () => number
}

/** All streams of this page by the keys of their calls: those that are shown, and for a while those that were. */
const streams = new Map<string, Set<Kept>>()

/** The stream of a call, shared where it is there already and can serve the request. */
export function findStream<Event>(key: string, request: StreamRequest<Event>): LiveStream<Event> {
  const kept = streams.get(key) ?? new Set()
  streams.set(key, kept)
  for (const { stream } of kept) {
    if (stream.status === 'error') continue
    if (stream.sequenceAfter(request.lastEventId, request.whole) !== undefined) return stream
  }
  const forget = (): void => {
    kept.delete(entry)
    if (kept.size === 0 && streams.get(key) === kept) streams.delete(key)
  }
  const onAbandoned = (canResume: boolean): void => {
    const gcTime = canResume ? request.gcTime() : 0
    clearTimeout(entry.timer)
    if (gcTime > 0) entry.timer = keepFor(gcTime, () => stream.readers === 0 && forget())
    else forget()
  }
  const stream = new LiveStream(request.open, request.lastEventId, onAbandoned)
  const entry: Kept = { stream }
  kept.add(entry)
  return stream
}

/** A timer is no reason for a process to live on. */
function keepFor(milliseconds: number, forget: () => void): ReturnType<typeof setTimeout> {
  const timer = setTimeout(forget, Math.min(milliseconds, 2 ** 31 - 1))
  ;(timer as { unref?(): void }).unref?.()
  return timer
}

/** Whether a stream is still the one that others would find. */
export function isKept(key: string, stream: LiveStream<any>): boolean {
  return [...(streams.get(key) ?? [])].some((kept) => kept.stream === stream)
}
