import { DurableObject } from '#durable-object-base'
import { RPCError } from '../../core/error.ts'
import type { EventGapData, GapPolicy } from '../../event/event-gap.ts'
import type { PublishResult } from '../../publisher/append-queue.ts'
import type { HandlerInterceptor } from '../../session/serve-request.ts'
import { RPCHandler } from '../../transport/websocket/rpc-handler.ts'
import type { CustomSerializer } from '../../wire/serializer.ts'
import { Serializer } from '../../wire/serializer.ts'
import type { PublishEventOptions } from '../choose-recipients.ts'
import { isUpgrade, readOffer, refuse } from '../offer.ts'
import type { Room, RoomSocket } from '../room.ts'
import { TOKEN_PAYLOAD } from '../room.ts'
import { closeExpired, type RoomContext, roomRouter } from '../room-router.ts'
import { listSockets } from '../socket-list.ts'
import type { SigningKey } from '../token.ts'
import { isExpired } from '../token-payload.ts'
import type { DurableTypes } from '../types.ts'
import { readPayload } from '../upgrade.ts'
import { WebSocketManager } from '../websocket-manager.ts'
import { type HibernatingContext, HibernatingRoom } from './hibernating-room.ts'

/** What happens where history is missing, or who decides that. */
type OnGap = GapPolicy | ((gap: EventGapData) => GapPolicy)

export interface DurableEventIteratorObjectOptions {
  /** How long events are kept, for clients that come back, in seconds. Default 300. */
  readonly eventRetentionSeconds?: number | undefined
  /** Types of your own in events, inputs and outputs; the clients need the same. */
  readonly customJsonSerializers?: readonly CustomSerializer[] | undefined
  /**
   * Verifies tokens inside the object, too: the fresh ones that clients send over their open sockets before the old ones
   * expire. Without it they connect again with them.
   */
  readonly signingKey?: SigningKey | undefined
  /**
   * When a client comes back and not all that it has missed is kept: its stream fails with `EVENT_GAP` (the default), or goes on
   * with the oldest event left or with new ones, and the client is told in band.
   */
  readonly onGap?: OnGap | undefined
  /** Is told when a client has begun to listen: what is published from now on reaches it. */
  readonly onSubscribed?: ((socket: any, lastEventId: string | undefined) => unknown) | undefined
  /** Steps around all that clients ask for, `subscribe`, `call` and `refresh`, the first one outermost. */
  readonly interceptors?: readonly HandlerInterceptor[] | undefined
}

/** What is told to the place that an object runs in, of how it wants its room to be. */
export interface RoomOptions {
  readonly retentionSeconds: number
  readonly customSerializers: readonly CustomSerializer[] | undefined
  /** Serves a socket that has just been let in. */
  readonly serve: (socket: any) => void
  readonly onSubscribed: (socket: any, lastEventId: string | undefined) => void
  readonly onGap: OnGap
  /** A socket is closed, where the runtime does not say so itself. */
  readonly onClose: (socket: any, code: number, reason: string) => void
}

/** What an object needs of its `ctx`: a `DurableObjectState` of Workers has it, and the one of `headwater/durable/node`. */
export interface DurableObjectContext {
  readonly id: { readonly name?: string | undefined; toString(): string }
  /** The open sockets of the object, or those whose token has that tag. */
  getWebSockets(tag?: string): any[]
  /** The tags of a socket's token. */
  getTags(socket: any): string[]
  waitUntil(promise: Promise<any>): void
  blockConcurrencyWhile<Result>(work: () => Promise<Result>): Promise<Result>
}

/** Makes the rooms of the objects of a place that is not Workers. */
export const CREATE_ROOM = '~createRoom'

interface RoomMaker {
  readonly [CREATE_ROOM]: (options: RoomOptions) => Room
}

/**
 * An object that publishes events to the clients that a `DurableEventIterator` leads to it. They are kept for a while: a client
 * that was cut off gets what it has missed.
 *
 * Methods that take a socket and give a client can be called by those whose token allows it.
 *
 * @example
 * export class ChatRoom extends DurableEventIteratorObject<{ message: string }> {
 *   publishMessage(message: string) {
 *     this.publishEvent({ message })
 *   }
 * }
 */
export class DurableEventIteratorObject<
  Event,
  TokenAttachment = any,
  WsAttachment = any,
  Context extends DurableObjectContext = DurableObjectContext & { getWebSockets(tag?: string): WebSocket[] },
  Env = any,
> extends DurableObject {
  /** Never set: carries the types. */
  declare readonly '~durable'?: DurableTypes<Event, TokenAttachment, WsAttachment> | undefined
  /** Never set: by this Workers knows a class of objects. */
  declare readonly __DURABLE_OBJECT_BRAND: never
  declare protected readonly ctx: Context
  declare protected readonly env: Env
  protected readonly dei: {
    /** The sockets of this object's clients. */
    readonly websocketManager: WebSocketManager<Event, TokenAttachment, WsAttachment>
  }
  readonly #room: Room
  readonly #handler: RPCHandler<typeof roomRouter>
  readonly #signingKey: SigningKey | undefined

  constructor(ctx: Context, env: Env, options: DurableEventIteratorObjectOptions = {}) {
    super(ctx as never, env as never)
    const { eventRetentionSeconds = 300, customJsonSerializers: customSerializers, signingKey, interceptors } = options
    const { onGap = 'fail' } = options
    this.#signingKey = signingKey
    this.#handler = new RPCHandler(roomRouter, { interceptors, customSerializers })
    this.#room = createRoom(ctx, {
      retentionSeconds: eventRetentionSeconds,
      customSerializers,
      serve: (socket) => this.#handler.upgrade(socket, { context: this.#contextOf(socket), protocol: 'headwater.1' }),
      onSubscribed: (socket, lastEventId) => void tellSubscribed(() => options.onSubscribed?.(socket, lastEventId)),
      onGap,
      onClose: (socket, code, reason) => this.webSocketClose(socket, code, reason, code !== 1006),
    })
    this.dei = { websocketManager: new WebSocketManager(this.#room) }
    const getWebSockets = (tag?: string): RoomSocket[] => listSockets(this.#room.sockets(tag), tag)
    Object.defineProperty(ctx, 'getWebSockets', { value: getWebSockets, configurable: true })
  }

  /** Publishes an event to all clients, or to those whom the options name. Resolves when it is stored. */
  publishEvent(event: Event, options: PublishEventOptions = {}): Promise<PublishResult> {
    return this.dei.websocketManager.publish(event, options)
  }

  /** Lets in a client that `upgradeDurableEventIteratorRequest` has sent. */
  async fetch(request: Request): Promise<Response> {
    if (!isUpgrade(request)) return new Response('Expected a WebSocket', { status: 426 })
    try {
      const payload = await readPayload(request, this.#signingKey)
      const { name } = this.ctx.id
      if (name !== undefined && name !== payload.chn) {
        throw new RPCError('FORBIDDEN', { message: 'The token is for another channel' })
      }
      return this.#room.upgrade({ payload, seat: readOffer(request).seat })
    } catch (error) {
      if (error instanceof RPCError) return refuse(request, error)
      throw error
    }
  }

  webSocketMessage(socket: any, message: string | ArrayBuffer): void {
    const payload = this.#room.load(socket)?.[TOKEN_PAYLOAD]
    if (payload === undefined) return
    if (isExpired(payload)) closeExpired(socket)
    else if (!(this.#room instanceof HibernatingRoom && this.#room.takesLeave(socket, message))) {
      this.#handler.message(socket, message, { context: this.#contextOf(socket) })
    }
  }

  webSocketClose(socket: any, _code?: number, _reason?: string, _wasClean?: boolean): void {
    this.#handler.close(socket)
  }

  webSocketError(socket: any, _error?: unknown): void {
    this.#handler.close(socket)
  }

  /** Removes what is over its time. An `alarm()` of your own has to call this one. */
  async alarm(_info?: unknown): Promise<void> {
    if (this.#room instanceof HibernatingRoom) await this.#room.wake()
  }

  #contextOf(socket: RoomSocket): RoomContext {
    const { prototype: base } = DurableEventIteratorObject
    return { object: this, base, room: this.#room, socket, signingKey: this.#signingKey }
  }
}

/** What it throws is nobody's end. */
async function tellSubscribed(tell: () => unknown): Promise<void> {
  try {
    await tell()
  } catch (error) {
    console.error('headwater: onSubscribed() of an object has failed.', error)
  }
}

function createRoom(context: object, options: RoomOptions): Room {
  if (CREATE_ROOM in context) return (context as RoomMaker)[CREATE_ROOM](options)
  const { customSerializers, ...rest } = options
  const serializer = new Serializer({ customSerializers })
  return new HibernatingRoom(context as HibernatingContext, { ...rest, serializer })
}
