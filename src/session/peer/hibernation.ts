import { toRPCError } from '../../core/error.ts'
import { getEventMeta } from '../../event/event-meta.ts'
import { formatEvent } from '../../wire/message.ts'
import { FrameType, formatControl, formatEventFrame } from '../../wire/peer.ts'
import { type CustomSerializer, Serializer } from '../../wire/serializer.ts'

export interface HibernationRPCEventOptions {
  /** `'message'` is an event, `'done'` ends the stream with a value, `'error'` with an error. Default `'message'`. */
  readonly event?: 'message' | 'done' | 'error' | undefined
  /** Types of your own on the wire; the clients need the same. */
  readonly customSerializers?: readonly CustomSerializer[] | undefined
}

/**
 * The question of a client whether its server is still there, and the answer: a runtime that answers it by itself needs
 * not wake anybody up for it.
 *
 * @example
 * ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(...AUTO_RESPONSE))
 */
export const AUTO_RESPONSE: readonly [request: string, response: string] = [
  formatControl(FrameType.PING),
  formatControl(FrameType.PONG),
]

const plain = new Serializer()

/**
 * An event of a stream that was opened with a `HibernationEventIterator`, to be sent to its WebSocket as it is.
 *
 * @param id the one that the iterator's callback was given.
 * @param payload may carry meta: a client whose socket is cut comes back with the last id.
 * @example
 * for (const ws of ctx.getWebSockets()) ws.send(encodeHibernationRPCEvent(ws.deserializeAttachment().id, message))
 */
export function encodeHibernationRPCEvent(
  id: string,
  payload: unknown,
  { event = 'message', customSerializers }: HibernationRPCEventOptions = {},
): string {
  const serializer = customSerializers === undefined ? plain : new Serializer({ customSerializers })
  const value = event === 'error' ? toRPCError(payload).toJSON() : payload
  return formatEventFrame(id, event, formatEvent(serializer, value), getEventMeta(payload))
}
