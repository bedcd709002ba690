import type { EventLog } from '../../publisher/event-log.ts'
import { Publisher } from '../../publisher/publisher.ts'
import { CloseCode } from '../../session/peer/connection.ts'
import type { RoomOptions } from '../durable-object/durable-event-iterator-object.ts'
import { NodeRoom, type RoomEvent } from './node-room.ts'
import { type ObjectClass, ObjectNamespace } from './object-namespace.ts'

export interface DurableHostOptions<Objects extends Record<string, ObjectClass>, Vars extends object> {
  /** Where events are kept. Processes that share it serve the same objects. */
  readonly log: EventLog<any>
  /** The classes by the names of their namespaces in `env`. */
  readonly objects: Objects
  /** What else is in `env`. */
  readonly env?: Vars | undefined
}

/** The namespaces of objects, by name. */
export type ObjectNamespaces<Objects extends Record<string, ObjectClass>> = {
  readonly [Name in keyof Objects]: ObjectNamespace<InstanceType<Objects[Name]>>
}

/**
 * Objects outside of Workers: the same classes, beside any server, on any log. Every process has an object of each name that it
 * is asked for; their clients get the same events.
 *
 * @example
 * const host = new DurableHost({ log: new RedisLog(redis), objects: { CHAT_ROOM: ChatRoom } })
 * serveDurableObjects(server, worker, { host, webSockets: new WebSocketServer({ noServer: true }) })
 */
export class DurableHost<Objects extends Record<string, ObjectClass>, Vars extends object = Record<never, never>> {
  /** What handlers get as `env`. */
  readonly env: Vars & ObjectNamespaces<Objects>
  readonly #log: EventLog
  readonly #namespaces: ObjectNamespace[]
  readonly #publishers = new Map<string, Publisher<Record<string, RoomEvent>>>()

  constructor({ log, objects, env }: DurableHostOptions<Objects, Vars>) {
    this.#log = log
    const namespaces = Object.entries(objects).map(([name, objectClass]) => {
      const namespace = new ObjectNamespace({
        objectClass,
        env: () => this.env,
        createRoom: (id, options, onEmpty) =>
          new NodeRoom({
            ...options,
            channel: `durable:${name}:${id}`,
            publisher: this.#publisherOf(name, options),
            onEmpty,
          }),
      })
      return [name, namespace] as const
    })
    this.#namespaces = namespaces.map(([, namespace]) => namespace)
    this.env = { ...env, ...Object.fromEntries(namespaces) } as Vars & ObjectNamespaces<Objects>
  }

  /** Sends all clients elsewhere, and lets go of the log, which stays open: it is yours. Stop listening first. */
  async close(): Promise<void> {
    for (const namespace of this.#namespaces) namespace.close(CloseCode.DRAINED, 'This server is about to stop')
    await Promise.all([...this.#publishers.values()].map((publisher) => publisher.close()))
  }

  /** One for all objects of a class. */
  #publisherOf(
    name: string,
    { retentionSeconds, customSerializers }: RoomOptions,
  ): Publisher<Record<string, RoomEvent>> {
    const key = JSON.stringify([name, retentionSeconds])
    let publisher = this.#publishers.get(key)
    if (publisher === undefined) {
      publisher = new Publisher(this.#log, { retention: { seconds: retentionSeconds }, customSerializers })
      this.#publishers.set(key, publisher)
    }
    return publisher
  }
}
