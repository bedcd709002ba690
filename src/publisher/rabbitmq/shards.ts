import { sleep } from '../../core/abort.ts'
import { backoffDelay } from '../../core/backoff.ts'
import { RPCError } from '../../core/error.ts'
import { Connector } from './connector.ts'
import type { RabbitConnection } from './rabbit-connection.ts'
import { Shard, type ShardOptions } from './shard.ts'

export type ShardsOptions = Pick<ShardOptions, 'arguments' | 'timeout' | 'onRecord'> & {
  readonly connect: () => Promise<RabbitConnection>
  /** Whoever waits for records may have missed some. */
  readonly onReturn: () => void
}

const RETRY_BACKOFF = { initialDelay: 50, maxDelay: 2000 }

/** The streams that this process uses, on one connection. After a loss they are opened again. */
export class Shards {
  readonly #options: ShardsOptions
  readonly #stop = new AbortController()
  readonly #shards = new Map<string, Promise<Shard>>()
  readonly #connector: Connector

  constructor(options: ShardsOptions) {
    this.#options = options
    this.#connector = new Connector(options.connect, options.timeout)
  }

  /** @throws {RPCError} `SERVICE_UNAVAILABLE` when RabbitMQ is not there. */
  async open(queue: string): Promise<Shard> {
    this.#stop.signal.throwIfAborted()
    const opening = this.#shards.get(queue) ?? this.#openNow(queue)
    this.#shards.set(queue, opening)
    try {
      const shard = await opening
      this.#stop.signal.throwIfAborted()
      return shard
    } catch (cause) {
      if (this.#shards.get(queue) === opening) this.#shards.delete(queue)
      this.#stop.signal.throwIfAborted()
      throw new RPCError('SERVICE_UNAVAILABLE', { message: `RabbitMQ cannot be used: ${cause}`, cause })
    }
  }

  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' }))
    await this.#connector.close()
  }

  #openNow(queue: string): Promise<Shard> {
    const { arguments: given, timeout, onRecord } = this.#options
    const options = { queue, arguments: given, timeout, onRecord, onLost: () => this.#lost(queue) }
    return this.#connector.use((connection) => Shard.open(connection, options))
  }

  #lost(queue: string): void {
    this.#shards.delete(queue)
    if (!this.#stop.signal.aborted) this.#reopen(queue).catch(() => {})
  }

  async #reopen(queue: string): Promise<void> {
    const { signal } = this.#stop
    for (let retry = 1; ; retry++) {
      await sleep(backoffDelay(retry, RETRY_BACKOFF), signal)
      const isOpen = await this.open(queue).then(
        () => true,
        () => false,
      )
      if (isOpen) return this.#options.onReturn()
    }
  }
}
