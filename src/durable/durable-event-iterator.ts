import { type SigningKey, signToken } from './token.ts'
import { TokenStream } from './token-stream.ts'
import type {
  ClientDurableEventIterator,
  DurableEventIteratorObject,
  InferTokenAttachment,
  RPCMethod,
} from './types.ts'

interface Settings {
  /** Signs the token: the key that the object's upgrade verifies it with. Of several the first one. */
  readonly signingKey: SigningKey
  /** What its socket may be addressed by: `publishEvent(event, { tags })`. */
  readonly tags?: readonly string[] | undefined
  /** How long the token is good, in seconds. The client asks for a new one in time. Default one day. */
  readonly ttl?: number | undefined
}

interface Attached<Attachment> {
  /** What the object learns of this client. The client can read it, too. JSON. */
  readonly att: Attachment
}

/** The attachment may be left out where the object needs none. */
export type DurableEventIteratorOptions<Room extends DurableEventIteratorObject<any>> = Settings &
  (undefined extends InferTokenAttachment<Room>
    ? Partial<Attached<InferTokenAttachment<Room>>>
    : Attached<InferTokenAttachment<Room>>)

const DAY = 24 * 60 * 60

/**
 * The events of an object, for a client to read from there: returned from a handler, it is a token for that. Clients may
 * call the methods named by `rpc()`, and no others.
 *
 * @throws {TypeError} when awaited, without a signing key.
 * @example
 * return new DurableEventIterator<ChatRoom>('some-room', { signingKey, att: { userId } }).rpc('publishMessage')
 */
export class DurableEventIterator<Room extends DurableEventIteratorObject<any>, Methods extends RPCMethod<Room> = never>
  implements PromiseLike<ClientDurableEventIterator<Room, Methods>>
{
  readonly #channel: string
  readonly #options: Settings & Partial<Attached<unknown>>
  #methods: readonly string[] = []
  #stream: Promise<TokenStream> | undefined

  constructor(channel: string, options: DurableEventIteratorOptions<Room>) {
    const { ttl } = options
    if (ttl !== undefined && !(Number.isInteger(ttl) && ttl > 0)) {
      throw new RangeError(`A token's \`ttl\` must be a whole number of seconds, got ${ttl}`)
    }
    this.#channel = channel
    this.#options = options
  }

  /** The same with exactly these methods for the client to call. */
  rpc<const Allowed extends RPCMethod<Room>>(...methods: readonly Allowed[]): DurableEventIterator<Room, Allowed> {
    const allowing = new DurableEventIterator<Room, Allowed>(
      this.#channel,
      this.#options as DurableEventIteratorOptions<Room>,
    )
    allowing.#methods = methods
    return allowing
  }

  then<Result = ClientDurableEventIterator<Room, Methods>, Failure = never>(
    onFulfilled?: ((iterator: ClientDurableEventIterator<Room, Methods>) => Result | PromiseLike<Result>) | null,
    onRejected?: ((error: unknown) => Failure | PromiseLike<Failure>) | null,
  ): Promise<Result | Failure> {
    this.#stream ??= this.#sign()
    return (this.#stream as Promise<unknown> as Promise<ClientDurableEventIterator<Room, Methods>>).then(
      onFulfilled,
      onRejected,
    )
  }

  async #sign(): Promise<TokenStream> {
    const { signingKey, att, tags = [], ttl = DAY } = this.#options
    const claims = { channel: this.#channel, attachment: att, tags, methods: this.#methods, ttl }
    return new TokenStream(await signToken(signingKey, claims))
  }
}
