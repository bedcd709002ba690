import { RPCError } from '../../core/error.ts'
import type { KafkaAdmin, KafkaClient } from './kafka-client.ts'
import type { Bounds } from './partition.ts'

/** What is known of a topic without reading it. */
export class Topic {
  readonly #client: KafkaClient
  readonly #name: string
  #admin: Promise<KafkaAdmin> | undefined
  #looking: Promise<readonly Bounds[]> | undefined

  constructor(client: KafkaClient, name: string) {
    this.#client = client
    this.#name = name
  }

  /** Of each partition, as of now. */
  async bounds(): Promise<readonly Bounds[]> {
    this.#looking ??= Promise.resolve().then(() => {
      // Who asks from now on wants to know more than this answer can.
      this.#looking = undefined
      return this.#look()
    })
    return this.#looking
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => undefined)
    await admin?.disconnect().catch(() => {})
  }

  async #look(): Promise<readonly Bounds[]> {
    try {
      const offsets = await (await this.#connect()).fetchTopicOffsets(this.#name)
      const bounds: Bounds[] = []
      for (const { partition, low, high } of offsets) bounds[partition] = { low: Number(low), high: Number(high) }
      return bounds
    } catch (cause) {
      const message = `Kafka does not say what is in the topic ${this.#name}: ${cause}`
      throw new RPCError('SERVICE_UNAVAILABLE', { message, cause })
    }
  }

  #connect(): Promise<KafkaAdmin> {
    this.#admin ??= connected(this.#client.admin()).catch((error) => {
      this.#admin = undefined
      throw error
    })
    return this.#admin
  }
}

export async function connected<Client extends { connect(): Promise<void> }>(client: Client): Promise<Client> {
  await client.connect()
  return client
}
