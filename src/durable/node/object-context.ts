import {
  CREATE_ROOM,
  type DurableObjectContext,
  type RoomOptions,
} from '../durable-object/durable-event-iterator-object.ts'
import { TOKEN_PAYLOAD } from '../room.ts'
import type { NodeRoom } from './node-room.ts'

/** Names an object. */
export class ObjectId {
  /** Of an id that was made from a name. */
  readonly name?: string
  readonly #key: string

  constructor(key: string, name?: string) {
    this.#key = key
    if (name !== undefined) this.name = name
  }

  toString(): string {
    return this.#key
  }

  equals(other: ObjectId): boolean {
    return String(other) === this.#key
  }
}

export interface ObjectContextOptions {
  readonly id: ObjectId
  readonly createRoom: (options: RoomOptions) => NodeRoom
}

/** What everybody may ask of an object: tools that look what it is. */
const ASKED_OF_ALL: readonly string[] = ['then', 'toJSON']

/** The `ctx` of an object outside of Workers: what it says that it has, and a clear error for all the rest. */
export class ObjectContext {
  readonly ctx: DurableObjectContext
  room: NodeRoom | undefined
  /** What calls have to wait for. */
  ready: Promise<unknown> = Promise.resolve()

  constructor({ id, createRoom }: ObjectContextOptions) {
    const context = {
      id,
      [CREATE_ROOM]: (options: RoomOptions) => {
        this.room = createRoom(options)
        return this.room
      },
      getWebSockets: () => [],
      getTags: (socket: any): string[] => [...(this.room?.load(socket)?.[TOKEN_PAYLOAD].tags ?? [])],
      waitUntil: (promise: Promise<any>): void => {
        Promise.resolve(promise).catch((error) =>
          console.error('headwater: what an object waits for has failed.', error),
        )
      },
      blockConcurrencyWhile: <Result>(work: () => Promise<Result>): Promise<Result> => {
        const done = this.ready.then(work)
        this.ready = done
        done.catch(() => {})
        return done
      },
    }
    this.ctx = new Proxy(context, {
      get: (target, key) => {
        if (key in target || typeof key === 'symbol' || ASKED_OF_ALL.includes(key)) return Reflect.get(target, key)
        throw new Error(
          `\`ctx.${key}\` is not to be had outside of Workers. There are: ${Object.keys(context)
            .filter((name) => !name.startsWith('~'))
            .join(', ')}. State of your own belongs in a database that all processes share`,
        )
      },
    })
  }
}
