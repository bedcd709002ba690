import type { PublishResult } from '../publisher/append-queue.ts'
import { chooseRecipients, type PublishEventOptions } from './choose-recipients.ts'
import { type Attachment, ownPart, type Room, type RoomSocket, SEAT, STREAMS, TOKEN_PAYLOAD } from './room.ts'
import { isStranger, UnknownSocket } from './socket-list.ts'
import type { TokenPayload } from './token-payload.ts'

/** What is attached to a socket: what its token says, and what the application has added. */
export type SocketAttachment<TokenAttachment, WsAttachment> = WsAttachment & {
  readonly 'dei:token:payload': TokenPayload<TokenAttachment>
}

/** The sockets of an object: who they are, and how to reach them. */
export class WebSocketManager<Event, TokenAttachment, WsAttachment> {
  readonly #room: Room

  constructor(room: Room) {
    this.#room = room
  }

  /**
   * Publishes an event to these sockets. It is kept for them, should they be cut off before they get it. To all of
   * `ctx.getWebSockets()`, or what `filter()` leaves of them, means also those who are not connected right now.
   */
  publishEvent(sockets: readonly RoomSocket[], event: Event): Promise<PublishResult> {
    return this.publish(event, { targets: sockets })
  }

  publish(event: Event, options: PublishEventOptions): Promise<PublishResult> {
    const published = this.#publish(event, options)
    // Who does not await it shall not be ended by it.
    published.catch((error) => console.error('headwater: an event could not be published.', error))
    return published
  }

  /** Keeps something with a socket, instead of what was kept before, over the object's sleep, too. A small plain object. */
  serializeAttachment(socket: RoomSocket, attachment: WsAttachment): void {
    const current = this.#load(socket)
    const { '~headwater': note } = current
    const own = ownPart({ ...(attachment as object) } as Attachment)
    this.#room.save(socket, {
      ...own,
      ...(note === undefined ? {} : { '~headwater': note }),
      [TOKEN_PAYLOAD]: current[TOKEN_PAYLOAD],
      [SEAT]: current[SEAT],
      [STREAMS]: current[STREAMS],
    })
  }

  /** What is attached to a socket. @throws {TypeError} for a socket that is none of this object. */
  deserializeAttachment(socket: RoomSocket): SocketAttachment<TokenAttachment, WsAttachment> {
    const attachment = this.#load(socket)
    return { ...ownPart(attachment), [TOKEN_PAYLOAD]: attachment[TOKEN_PAYLOAD] } as never
  }

  async #publish(event: Event, options: PublishEventOptions): Promise<PublishResult> {
    return this.#room.publish(event, chooseRecipients(this.#room, options))
  }

  #load(socket: RoomSocket): Attachment {
    if (isStranger(socket)) throw new UnknownSocket('This socket is not here')
    const attachment = this.#room.load(socket)
    if (attachment === undefined) throw new TypeError('This socket is none of this object')
    return attachment
  }
}
