import { RPCError } from '../../core/error.ts'
import { withTimeout } from '../../core/timeout.ts'
import { shareCalls } from '../share-calls.ts'
import type { KafkaAdmin, KafkaClient } from './kafka-client.ts'
import type { Bounds } from './partition.ts'

export interface TopicOptions {
  readonly name: string
  readonly timeout: number
  readonly signal: AbortSignal
}

/** What is known of a topic without reading it. */
export class Topic {
  readonly #client: KafkaClient
  readonly #options: TopicOptions
  /** Of each partition, as of now. */
  readonly bounds: () => Promise<readonly Bounds[]> = shareCalls(() => this.#look())
  #admin: Promise<KafkaAdmin> | undefined

  constructor(client: KafkaClient, options: TopicOptions) {
    this.#client = client
    this.#options = options
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => undefined)
    await admin?.disconnect().catch(() => {})
  }

  async #look(): Promise<readonly Bounds[]> {
    const { name, timeout, signal } = this.#options
    signal.throwIfAborted()
    try {
      this.#admin ??= this.#connect()
      const fetched = this.#admin.then((admin) => admin.fetchTopicOffsets(name))
      const offsets = await withTimeout(fetched, { milliseconds: timeout, subject: 'Kafka', signal })
      const bounds: Bounds[] = []
      for (const { partition, low, high } of offsets) bounds[partition] = { low: Number(low), high: Number(high) }
      return bounds
    } catch (cause) {
      signal.throwIfAborted()
      const message = `Kafka does not say what is in the topic ${name}: ${cause}`
      throw new RPCError('SERVICE_UNAVAILABLE', { message, cause })
    }
  }

  #connect(): Promise<KafkaAdmin> {
    return connected(this.#client.admin()).catch((error) => {
      this.#admin = undefined
      throw error
    })
  }
}

export async function connected<Client extends { connect(): Promise<void> }>(client: Client): Promise<Client> {
  await client.connect()
  return client
}
