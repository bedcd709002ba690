import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import type { DurableEventIteratorObject, RoomOptions } from '../durable-object/durable-event-iterator-object.ts'
import type { NodeRoom } from './node-room.ts'
import { ObjectContext, ObjectId } from './object-context.ts'

type AnyObject = DurableEventIteratorObject<any, any, any, any>

/** A class of objects. */
export type ObjectClass<Instance extends AnyObject = AnyObject> = new (ctx: any, env: any) => Instance

/** An object from outside: its methods, each a promise. */
export type ObjectStub<Instance extends AnyObject> = {
  readonly [Name in Exclude<keyof Instance & string, `~${string}` | `__${string}`>]: Instance[Name] extends (
    ...args: infer Arguments
  ) => infer Result
    ? (...args: Arguments) => Promise<Awaited<Result>>
    : never
} & { readonly id: ObjectId; readonly name: string | undefined }

export interface ObjectNamespaceOptions {
  readonly objectClass: ObjectClass
  readonly env: () => object
  readonly createRoom: (id: ObjectId, options: RoomOptions, onEmpty: () => void) => NodeRoom
}

interface Living {
  readonly object: AnyObject
  readonly context: ObjectContext
  calls: number
  timer?: ReturnType<typeof setTimeout> | undefined
}

/** An object that has had nothing to do for so long is let go of, in ms, as Workers do. */
const IDLE = 10_000

/** The objects of a class in this process, made when they are needed. */
export class ObjectNamespace<Instance extends AnyObject = AnyObject> {
  readonly #options: ObjectNamespaceOptions
  readonly #living = new Map<string, Living>()
  #closed = false

  constructor(options: ObjectNamespaceOptions) {
    this.#options = options
  }

  idFromName(name: string): ObjectId {
    return new ObjectId(name, name)
  }

  idFromString(key: string): ObjectId {
    return new ObjectId(key)
  }

  newUniqueId(): ObjectId {
    return new ObjectId(randomToken(24))
  }

  getByName(name: string): ObjectStub<Instance> {
    return this.get(this.idFromName(name))
  }

  get(id: ObjectId): ObjectStub<Instance> {
    const target = { id, name: id.name }
    const stub = new Proxy(target, {
      get: (_, key) => {
        if (key in target || typeof key === 'symbol') return Reflect.get(target, key)
        // A stub is no promise.
        if (key === 'then') return undefined
        return (...args: unknown[]) => this.#call(id, key, args)
      },
    })
    return stub as unknown as ObjectStub<Instance>
  }

  /** Sends the clients of all objects elsewhere. */
  close(code: number, reason: string): void {
    this.#closed = true
    for (const { context, timer } of this.#living.values()) {
      clearTimeout(timer)
      context.room?.close(code, reason)
    }
    this.#living.clear()
  }

  async #call(id: ObjectId, name: string, args: unknown[]): Promise<unknown> {
    const living = this.#find(id)
    living.calls++
    try {
      await living.context.ready
      const method: unknown = name in Object.prototype ? undefined : living.object[name as never]
      if (typeof method !== 'function') throw new TypeError(`The object has no method ${name}`)
      return await method.apply(living.object, args)
    } finally {
      living.calls--
      this.#letGoLater(id, living)
    }
  }

  #find(id: ObjectId): Living {
    if (this.#closed) throw new RPCError('SERVICE_UNAVAILABLE', { message: 'The host of the objects was closed' })
    const known = this.#living.get(String(id))
    if (known !== undefined) return known
    const { objectClass, env, createRoom } = this.#options
    const context = new ObjectContext({
      id,
      createRoom: (options) => createRoom(id, options, () => this.#letGoLater(id, living)),
    })
    const living: Living = { object: new objectClass(context.ctx, env()), context, calls: 0 }
    this.#living.set(String(id), living)
    return living
  }

  #letGoLater(id: ObjectId, living: Living): void {
    clearTimeout(living.timer)
    living.timer = setTimeout(() => {
      const isIdle = living.calls === 0 && (living.context.room?.sockets().length ?? 0) === 0
      if (isIdle && this.#living.get(String(id)) === living) this.#living.delete(String(id))
    }, IDLE)
    ;(living.timer as { unref?: () => void }).unref?.()
  }
}
