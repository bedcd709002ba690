import { RPCError } from '../core/error.ts'
import { type TypedSchema, type } from '../core/schema.ts'
import { os } from '../server/builder.ts'
import type { Router } from '../server/router.ts'
import { CloseCode } from '../session/peer/connection.ts'
import { callMethod, type MethodCall } from './call-method.ts'
import { type Attachment, type Room, type RoomSocket, TOKEN_PAYLOAD } from './room.ts'
import { type SigningKey, tokenExpired, verifyToken } from './token.ts'
import { isExpired, type TokenPayload } from './token-payload.ts'

/** An object as its clients' calls find it. */
export interface RoomContext {
  readonly object: object
  /** The library's part of it, whose methods are nobody's to call. */
  readonly base: object
  readonly room: Room
  readonly socket: RoomSocket
  readonly signingKey: SigningKey | undefined
}

interface CallInput {
  readonly path: readonly string[]
  readonly input?: unknown
}

const base = os.$context<RoomContext>()

/** What clients say to an object. */
export const roomRouter: Router = {
  subscribe: base.handler(({ context: { room, socket }, input, lastEventId, signal }) => {
    const payload = room.load(socket)?.[TOKEN_PAYLOAD]
    // An answer would be the end of a stream that only has to come with a fresh token. Nothing is sent behind the close.
    if (payload !== undefined && isExpired(payload)) closeExpired(socket)
    const { iat } = payloadOf(room, socket)
    const { since = iat } = Object(input) as { readonly since?: unknown }
    // What was published after the token was issued belongs to its stream; clocks of seconds may be off by one.
    const begin = { lastEventId, since: (Number.isFinite(since) ? (since as number) - 1 : iat - 1) * 1000 }
    return room.subscribe(socket, begin, signal)
  }),

  call: base.input(checked(isCall)).handler(({ context, input: { path, input }, lastEventId, signal }) => {
    const { object, base, room, socket } = context
    const call: MethodCall = { path, input, options: { lastEventId, signal } }
    return callMethod(object, base, socket, payloadOf(room, socket), call)
  }),

  /** A fresh token for the socket, so that it need not be closed when the old one expires. */
  refresh: base
    .input(checked((input): input is { readonly token: string } => typeof Object(input)['token'] === 'string'))
    .handler(async ({ context: { room, socket, signingKey }, input }) => {
      if (signingKey === undefined) {
        throw new RPCError('NOT_IMPLEMENTED', { message: 'The object has no `signingKey`: connect again' })
      }
      const fresh = await verifyToken(signingKey, input.token)
      // One that has expired meanwhile is on its way out.
      const { chn, tags } = payloadOf(room, socket)
      const attachment = room.load(socket) as Attachment
      if (fresh.chn !== chn || JSON.stringify(fresh.tags) !== JSON.stringify(tags)) {
        throw new RPCError('FORBIDDEN', { message: 'The token is for another channel, or for other tags' })
      }
      room.save(socket, { ...attachment, [TOKEN_PAYLOAD]: fresh })
      room.expectExpiry(socket)
    }),
}

/** @throws {RPCError} when it has expired, or the socket is none of the room. */
function payloadOf(room: Room, socket: RoomSocket): TokenPayload {
  const payload = room.load(socket)?.[TOKEN_PAYLOAD]
  if (payload === undefined) throw new RPCError('UNAUTHORIZED')
  if (isExpired(payload)) throw tokenExpired()
  return payload
}

/** Shows out a client whose token has expired: it may come back with another. */
export function closeExpired(socket: RoomSocket): void {
  socket.close(CloseCode.EXPIRED, 'The token has expired')
}

function isCall(input: unknown): input is CallInput {
  const { path } = Object(input) as { readonly path?: unknown }
  return Array.isArray(path) && path.length > 0 && path.every((name) => typeof name === 'string')
}

function checked<Input>(isInput: (input: unknown) => input is Input): TypedSchema<Input, Input> {
  return type((input: Input) => {
    if (!isInput(input)) throw new RPCError('BAD_REQUEST')
    return input
  })
}
