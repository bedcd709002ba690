import { sleep } from '../../core/abort.ts'
import { backoffDelay } from '../../core/backoff.ts'
import {
  connectSubscriber,
  findNode,
  isCluster,
  type RedisLogClient,
  type RedisNode,
  type Subscriber,
} from './subscriber.ts'

export interface SubscriptionsOptions {
  readonly client: RedisLogClient
  /** Waits for a command, but not for ever. */
  readonly within: <Result>(work: Promise<Result>) => Promise<Result>
  /** Has the client look again which server has the topic. */
  readonly locate: (topic: string) => Promise<unknown>
  readonly onMessage: (topic: string, message: string) => void
  /** Messages of the topic may have been missed; now they come again. */
  readonly onRestored: (topic: string) => void
  readonly signal: AbortSignal
  /** How often a connection is asked whether it still lives, in ms. Default 10,000. */
  readonly pingInterval?: number | undefined
}

interface Connection {
  readonly subscriber: Promise<Subscriber>
  readonly topics: Set<string>
}

const RESTORE_BACKOFF = { initialDelay: 20, maxDelay: 1000 }

/**
 * The topics that this process is subscribed to: over one connection, in a cluster over one to each server that has any.
 * When a connection is lost, its topics are found and subscribed to anew.
 */
export class Subscriptions {
  readonly #options: SubscriptionsOptions
  readonly #isSharded: boolean
  readonly #connections = new Map<RedisNode, Connection>()
  /** Where each topic is subscribed to; `undefined` while it is lost. */
  readonly #topics = new Map<string, Connection | undefined>()
  #timer: ReturnType<typeof setInterval> | undefined

  constructor(options: SubscriptionsOptions) {
    this.#options = options
    this.#isSharded = isCluster(options.client)
  }

  /** Resolves once messages of the topic come. */
  async add(topic: string): Promise<void> {
    if (this.#topics.get(topic) !== undefined) return
    if (!this.#topics.has(topic)) this.#topics.set(topic, undefined)
    await this.#subscribe(topic)
  }

  delete(topic: string): void {
    const connection = this.#topics.get(topic)
    this.#topics.delete(topic)
    if (connection === undefined) return
    connection.topics.delete(topic)
    // One that is lost has nothing to be unsubscribed from.
    void connection.subscriber
      .then((subscriber) => this.#isGone(topic) && subscriber.unsubscribe(topic))
      .catch(() => {})
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#topics.clear()
    for (const connection of this.#connections.values()) this.#drop(connection)
    this.#connections.clear()
  }

  #isGone(topic: string): boolean {
    return !this.#topics.has(topic)
  }

  async #subscribe(topic: string): Promise<void> {
    const { client, within, signal } = this.#options
    const node = await within(findNode(client, topic))
    signal.throwIfAborted()
    const connection = this.#connections.get(node) ?? this.#connect(node)
    const subscriber = await within(connection.subscriber)
    if (this.#isGone(topic)) return
    await within(subscriber.subscribe(topic))
    if (this.#connections.get(node) !== connection) throw new Error('The connection to Redis was lost')
    if (this.#isGone(topic)) return void subscriber.unsubscribe(topic).catch(() => {})
    connection.topics.add(topic)
    this.#topics.set(topic, connection)
  }

  #connect(node: RedisNode): Connection {
    const lost = (): void => this.#lose(node, connection)
    const connection: Connection = {
      subscriber: connectSubscriber(node, this.#isSharded, { onMessage: this.#options.onMessage, onEnd: () => lost() }),
      topics: new Set(),
    }
    this.#connections.set(node, connection)
    connection.subscriber.catch(lost)
    this.#startPings()
    return connection
  }

  #lose(node: RedisNode, connection: Connection): void {
    if (this.#connections.get(node) !== connection) return
    this.#connections.delete(node)
    this.#drop(connection)
    for (const topic of connection.topics) this.#topics.set(topic, undefined)
    void this.#restore(connection.topics)
  }

  #drop({ subscriber }: Connection): void {
    subscriber.then((open) => open.close()).catch(() => {})
  }

  async #restore(topics: Iterable<string>): Promise<void> {
    const { signal, locate, onRestored } = this.#options
    const isLost = (topic: string): boolean => this.#topics.has(topic) && this.#topics.get(topic) === undefined
    let lost = [...topics]
    for (let retry = 1; ; retry++) {
      lost = lost.filter(isLost)
      await Promise.allSettled(
        lost.map(async (topic) => {
          await this.#subscribe(topic)
          onRestored(topic)
        }),
      )
      lost = lost.filter(isLost)
      const [some] = lost
      if (some === undefined || signal.aborted) return
      await sleep(backoffDelay(retry, RESTORE_BACKOFF), signal).catch(() => {})
      if (signal.aborted) return
      if (this.#isSharded) await locate(some).catch(() => {})
    }
  }

  /** A connection may be dead without having ended. Does not keep the process alive. */
  #startPings(): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => {
      for (const [node, connection] of this.#connections) {
        this.#options
          .within(connection.subscriber.then((subscriber) => subscriber.ping()))
          .catch(() => this.#lose(node, connection))
      }
    }, this.#options.pingInterval ?? 10_000)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }
}
