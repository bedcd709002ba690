import { toRPCError } from '../../core/error.ts'
import { addContext } from '../../server/call.ts'
import type { Context } from '../../server/middleware.ts'
import type { ServerRequest } from '../server-request.ts'
import { CloseCode } from './connection.ts'

/** Who a client has proven to be. */
export interface Authenticated<Proven extends Context = Context> {
  /** Added to the context that the connection was upgraded with. */
  readonly context?: Proven | undefined
  /** When this ends, as a date or in ms since 1970. The client is asked for new credentials before. */
  readonly expires?: Date | number | undefined
}

export interface AuthenticationOptions {
  readonly context: Context
  readonly authenticate?: ((headers: Headers) => Authenticated | Promise<Authenticated>) | undefined
  readonly authenticateWithin?: number | undefined
  /** Whether no timer may wait for credentials to expire: `check()` then finds out. */
  readonly hibernates: boolean
}

export interface AuthenticationListener {
  onProven(): void
  onRefused(code: number, reason: string): void
}

/** The longest that a timer can wait, in ms: with more it fires at once. */
const MAX_TIMER = 2 ** 31 - 1

/** Who is on the other side of a connection: known from the start, or proven by its first message, again before it expires. */
export class Authentication {
  readonly #options: AuthenticationOptions
  readonly #listener: AuthenticationListener
  /** Where something has to be proven. */
  readonly #prove: Resolvers<Context> | undefined
  #context: Context | undefined
  #expires: number | undefined
  /** The latest proof presented: an earlier one that takes longer decides nothing any more. */
  #latest = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #closed = false

  constructor(options: AuthenticationOptions, listener: AuthenticationListener) {
    this.#options = options
    this.#listener = listener
    if (options.authenticate === undefined) this.#context = options.context
    else {
      this.#prove = withResolvers()
      this.#prove.promise.catch(() => {})
      const { authenticateWithin = 10_000 } = options
      this.#timer = setTimeout(() => this.#refuse(CloseCode.UNAUTHORIZED, 'No credentials came'), authenticateWithin)
    }
  }

  /** `undefined` until the client has proven who it is. */
  get context(): Context | undefined {
    return this.#context
  }

  /** The context as soon as it is known. Rejects when the connection ends before. */
  get proven(): Promise<Context> {
    return this.#prove?.promise ?? Promise.resolve(this.#options.context)
  }

  /** In ms. */
  get expiresIn(): number | undefined {
    return this.#expires === undefined ? undefined : Math.max(0, this.#expires - Date.now())
  }

  /** Takes the headers of a request as proof, where none has been presented. */
  presentFirst(request: ServerRequest): void {
    if (this.#options.authenticate !== undefined && this.#latest === 0) this.present(request.headers())
  }

  /** Takes headers as proof, instead of earlier ones. */
  present(headers: Headers): void {
    const { authenticate } = this.#options
    if (authenticate === undefined) return
    const number = ++this.#latest
    const decide = async (): Promise<Authenticated> => authenticate(headers)
    decide().then(
      (authenticated) => !this.#closed && number === this.#latest && this.#accept(authenticated),
      (error) => number === this.#latest && this.#refuseFor(error),
    )
  }

  /** Ends a connection whose credentials have expired. */
  check(): void {
    if (this.expiresIn === 0) this.#refuse(CloseCode.EXPIRED, 'The credentials have expired')
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#prove?.reject(new Error('The connection is closed'))
  }

  #accept({ context = {}, expires }: Authenticated): void {
    clearTimeout(this.#timer)
    this.#context = addContext(this.#options.context, context)
    this.#expires = expires === undefined ? undefined : Number(expires)
    if (this.#expires !== undefined && !this.#options.hibernates) this.#awaitExpiry(this.#expires)
    this.#prove?.resolve(this.#context)
    this.#listener.onProven()
  }

  #awaitExpiry(expires: number): void {
    const left = expires - Date.now()
    this.#timer = setTimeout(
      () => {
        if (left > MAX_TIMER) this.#awaitExpiry(expires)
        else this.#refuse(CloseCode.EXPIRED, 'The credentials have expired')
      },
      Math.min(Math.max(0, left), MAX_TIMER),
    )
  }

  #refuseFor(error: unknown): void {
    const { status, message } = toRPCError(error)
    this.#refuse(status < 500 ? 4000 + status : CloseCode.UNDECIDED, message)
  }

  #refuse(code: number, reason: string): void {
    if (!this.#closed) this.#listener.onRefused(code, reason)
  }
}

interface Resolvers<Value> {
  readonly promise: Promise<Value>
  resolve(value: Value): void
  reject(error: unknown): void
}

function withResolvers<Value>(): Resolvers<Value> {
  let resolvers: Omit<Resolvers<Value>, 'promise'> | undefined
  const promise = new Promise<Value>((resolve, reject) => {
    resolvers = { resolve, reject }
  })
  return { promise, ...(resolvers as Omit<Resolvers<Value>, 'promise'>) }
}
