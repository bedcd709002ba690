import type { EventIterator } from '../event/event-iterator.ts'

/**
 * An object that publishes events to the clients that a `DurableEventIterator` leads to it, as its users see it.
 *
 * Servers extend the class of this name of `headwater/durable/durable-object`; contracts extend this interface.
 */
export interface DurableEventIteratorObject<Event, TokenAttachment = any, WsAttachment = any> {
  /** Never set: carries the types. */
  readonly '~durable'?: DurableTypes<Event, TokenAttachment, WsAttachment> | undefined
}

export interface DurableTypes<Event, TokenAttachment, WsAttachment> {
  readonly event: Event
  readonly tokenAttachment: TokenAttachment
  readonly wsAttachment: WsAttachment
}

type AnyObject = DurableEventIteratorObject<any>

type TypesOf<Room extends AnyObject> = NonNullable<Room['~durable']>

export type InferEvent<Room extends AnyObject> = TypesOf<Room>['event']

export type InferTokenAttachment<Room extends AnyObject> = TypesOf<Room>['tokenAttachment']

/** What the runtime calls, and nobody else. */
type ReservedMethod =
  | 'fetch'
  | 'alarm'
  | 'publishEvent'
  | 'webSocketMessage'
  | 'webSocketClose'
  | 'webSocketError'
  | `~${string}`

/** The methods of an object that clients can be allowed to call: those that give a client or a tree of clients. */
export type RPCMethod<Room extends AnyObject> = {
  [Name in Exclude<keyof Room & string, ReservedMethod>]: Room[Name] extends (...args: any[]) => infer Client
    ? Awaited<Client> extends object
      ? Name
      : never
    : never
}[Exclude<keyof Room & string, ReservedMethod>]

/** A client, or a tree of clients, without what else the server's has. */
type RemoteClient<Client> = Client extends (...args: infer Arguments) => infer Result
  ? (...args: Arguments) => Result
  : { readonly [Name in keyof Client]: RemoteClient<Client[Name]> }

type MethodClient<Method> = Method extends (...args: any[]) => infer Client ? RemoteClient<Awaited<Client>> : never

/**
 * The events of an object, with the methods that this client may call.
 *
 * @example
 * const contract = { onMessage: oc.output(type<ClientDurableEventIterator<ChatRoom, 'publishMessage'>>()) }
 */
export type ClientDurableEventIterator<Room extends AnyObject, Methods extends RPCMethod<Room> = never> = EventIterator<
  InferEvent<Room>
> &
  Elsewhere & { readonly [Name in Methods]: MethodClient<Room[Name]> }

/** A stream that its client holds as the handler's type says, since it is another than the handler's. */
interface Elsewhere {
  /** Never set. */
  readonly '~elsewhere'?: never
}
