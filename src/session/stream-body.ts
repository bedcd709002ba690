import { onAbort } from '../core/abort.ts'
import type { EventSource } from '../event/event-iterator.ts'
import type { ClientCodec } from './client-codec.ts'
import { EventStreamBody } from './event-stream-body.ts'
import { toReadableStream } from './readable-event-stream.ts'

/** Silence of a stream that a client sends, in ms, before it gives a sign of life. */
const HEARTBEAT = 15_000

/** A stream that a client sends as the body of its request. */
export function toStreamBody(
  codec: ClientCodec,
  source: EventSource,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = new AbortController()
  onAbort(signal, () => left.abort(signal?.reason))
  const stream = new EventStreamBody(source, { signal: left.signal, heartbeat: HEARTBEAT, codec })
  return toReadableStream(stream, left)
}
