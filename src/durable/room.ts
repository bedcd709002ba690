import type { EventSource } from '../event/event-iterator.ts'
import type { PublishResult } from '../publisher/append-queue.ts'
import type { Recipients } from './recipients.ts'
import type { TokenPayload } from './token-payload.ts'

/** What is needed of a socket, whoever's it is. */
export interface RoomSocket {
  send(data: string): void
  close(code?: number, reason?: string): void
}

export const TOKEN_PAYLOAD = 'dei:token:payload'
export const SEAT = 'dei:seat'
export const STREAMS = 'dei:streams'

/** What is kept with a socket, beside what the application attaches to it. */
export interface Attachment {
  readonly [TOKEN_PAYLOAD]: TokenPayload
  /** Names the client's place in the room over all of its connections; nobody else knows it. */
  readonly [SEAT]: string
  /** The calls whose streams go on while the object sleeps. */
  readonly [STREAMS]?: readonly string[] | undefined
  readonly [key: string]: unknown
}

/** A client that is let in. */
export interface Entry {
  readonly payload: TokenPayload
  readonly seat: string
}

/** Where a stream begins: after an event, or without one at a time, in ms since 1970. */
export interface Begin {
  readonly lastEventId: string | undefined
  readonly since: number
}

/** What an object needs of where it runs: its sockets, its log, and the way from the one to the others. */
export interface Room {
  /** Those that are open here, or those of them with a tag. */
  sockets(tag?: string): RoomSocket[]
  /** What is kept with a socket; `undefined` for one of somebody else. */
  load(socket: RoomSocket): Attachment | undefined
  /** @throws when it is too large. */
  save(socket: RoomSocket, attachment: Attachment): void
  publish(event: unknown, recipients: Recipients): Promise<PublishResult>
  subscribe(socket: RoomSocket, begin: Begin, signal: AbortSignal): EventSource
  /** Answers the request of a client that is let in. */
  upgrade(entry: Entry): Response
  /** Does what is due when a token is about to expire, or was renewed. */
  expectExpiry(socket: RoomSocket): void
}

/** The application's own part of an attachment. */
export function ownPart(attachment: Attachment): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attachment).filter(([key]) => !key.startsWith('dei:') && key !== '~headwater'),
  )
}
