import type { EventSource } from '../../event/event-iterator.ts'
import { copyEventMeta, getEventMeta } from '../../event/event-meta.ts'
import { filterEvents, mapEvents } from '../../event/map-events.ts'
import type { PublishResult } from '../../publisher/append-queue.ts'
import type { Publisher } from '../../publisher/publisher.ts'
import { closeSocket } from '../../session/peer/connection.ts'
import type { RoomOptions } from '../durable-object/durable-event-iterator-object.ts'
import type { AcceptingResponse } from '../offer.ts'
import { isRecipient, type Recipients } from '../recipients.ts'
import { type Attachment, type Begin, type Entry, type Room, type RoomSocket, SEAT, TOKEN_PAYLOAD } from '../room.ts'
import { closeExpired } from '../room-router.ts'
import { isExpired } from '../token-payload.ts'
import { Marks } from './marks.ts'

/** An event as it is stored. */
export interface RoomEvent {
  /** When it was published, in ms since 1970. */
  readonly at: number
  readonly to: Recipients
  readonly event: unknown
}

export interface NodeRoomOptions extends RoomOptions {
  readonly publisher: Publisher<Record<string, RoomEvent>>
  readonly channel: string
  /** Is told when the last socket has gone. */
  readonly onEmpty: () => void
}

/** A socket of `ws`. */
interface NodeSocket extends RoomSocket {
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
}

/** The longest that a timer can wait, in ms: with more it fires at once. */
const MAX_TIMER = 2 ** 31 - 1

interface Seated {
  attachment: Attachment
  timer?: ReturnType<typeof setTimeout>
}

/** What an object needs of a server: its sockets in this process, and a log that may be shared with others. */
export class NodeRoom implements Room {
  readonly #options: NodeRoomOptions
  readonly #seated = new Map<RoomSocket, Seated>()
  readonly #marks = new Marks()

  constructor(options: NodeRoomOptions) {
    this.#options = options
  }

  sockets(tag?: string): RoomSocket[] {
    const sockets = [...this.#seated.keys()]
    if (tag === undefined) return sockets
    return sockets.filter((socket) => this.load(socket)?.[TOKEN_PAYLOAD].tags.includes(tag))
  }

  load(socket: RoomSocket): Attachment | undefined {
    return this.#seated.get(socket)?.attachment
  }

  save(socket: RoomSocket, attachment: Attachment): void {
    const seated = this.#seated.get(socket)
    // As a copy, like where it is written down: later changes of the object are none of the attachment.
    if (seated !== undefined) seated.attachment = structuredClone(attachment)
  }

  publish(event: unknown, to: Recipients): Promise<PublishResult> {
    const { publisher, channel } = this.#options
    return publisher.publish(channel, { at: Date.now(), to, event })
  }

  subscribe(socket: RoomSocket, { lastEventId, since }: Begin, signal: AbortSignal): EventSource {
    const { publisher, channel, onSubscribed, onGap } = this.#options
    const isResumed = lastEventId !== undefined
    // What was before is none of a stream that begins.
    const begin = isResumed ? { lastEventId } : { from: 'start', notBefore: this.#marks.before(since) }
    const subscription = publisher.subscribe(channel, { ...begin, signal, onGap })
    subscription.ready.then(
      () => this.#seated.has(socket) && onSubscribed(socket, lastEventId),
      // The stream fails with it.
      () => {},
    )
    const own = filterEvents(subscription, (stored) => {
      this.#marks.see(stored.at, getEventMeta(stored)?.id)
      return isResumed || stored.at >= since ? this.#isFor(socket, stored.to) : false
    })
    return mapEvents(own, eventOf)
  }

  upgrade({ payload, seat }: Entry): Response {
    const response: AcceptingResponse = new Response(null)
    // Of this number none can be made here.
    Object.defineProperty(response, 'status', { value: 101 })
    response['~accept'] = (socket) =>
      this.#seat(socket as NodeSocket, { [TOKEN_PAYLOAD]: payload, [SEAT]: seat } satisfies Attachment)
    return response
  }

  expectExpiry(socket: RoomSocket): void {
    const seated = this.#seated.get(socket)
    if (seated === undefined) return
    clearTimeout(seated.timer)
    const left = seated.attachment[TOKEN_PAYLOAD].exp * 1000 - Date.now()
    seated.timer = setTimeout(
      () => {
        if (left > MAX_TIMER) this.expectExpiry(socket)
        else closeExpired(socket)
      },
      Math.min(Math.max(left, 0), MAX_TIMER),
    )
  }

  /** Sends everybody elsewhere. */
  close(code: number, reason: string): void {
    for (const socket of this.sockets()) closeSocket(socket, code, reason)
  }

  #seat(socket: NodeSocket, attachment: Attachment): void {
    const { serve, onClose, onEmpty } = this.#options
    this.#seated.set(socket, { attachment })
    this.expectExpiry(socket)
    serve(socket)
    socket.addEventListener('close', ({ code, reason }) => {
      clearTimeout(this.#seated.get(socket)?.timer)
      try {
        onClose(socket, code, reason)
      } catch (error) {
        console.error('headwater: webSocketClose() of an object has failed.', error)
      }
      this.#seated.delete(socket)
      if (this.#seated.size === 0) onEmpty()
    })
  }

  #isFor(socket: RoomSocket, to: Recipients): boolean | Promise<boolean> {
    const attachment = this.load(socket)
    if (attachment === undefined || isExpired(attachment[TOKEN_PAYLOAD])) {
      closeExpired(socket)
      // Neither yes nor no: a stream that ends here must not have passed over this event.
      return new Promise(() => {})
    }
    return isRecipient(to, { seat: attachment[SEAT], tags: attachment[TOKEN_PAYLOAD].tags })
  }
}

const events = new WeakMap<RoomEvent, unknown>()

/** The event with the id of what it is stored in: one for all who read that. */
function eventOf(stored: RoomEvent): unknown {
  if (!Object.isFrozen(stored)) return stored.event
  let event = events.get(stored)
  if (event === undefined) {
    event = Object.freeze(copyEventMeta(stored, stored.event))
    events.set(stored, event)
  }
  return event
}
