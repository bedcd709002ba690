export interface KafkaAdmin {
  connect(): Promise<void>
  disconnect(): Promise<void>
  fetchTopicOffsets(topic: string): Promise<readonly { partition: number; low: string; high: string }[]>
}

export interface KafkaProducer {
  connect(): Promise<void>
  disconnect(): Promise<void>
  send(record: {
    topic: string
    acks: number
    timeout: number
    messages: { partition: number; key: string; value: string }[]
  }): Promise<readonly { readonly baseOffset?: string }[]>
}

export interface KafkaMessage {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly offset: string
}

export interface KafkaBatch {
  readonly batch: {
    readonly partition: number
    readonly messages: readonly KafkaMessage[]
    /** Where the client was when it asked for it. `kafkajs` has it, though its types do not say so. */
    readonly fetchedOffset?: string
    lastOffset(): string
  }
  resolveOffset(offset: string): void
  isStale(): boolean
}

export interface KafkaConsumer {
  connect(): Promise<void>
  disconnect(): Promise<void>
  subscribe(options: { topics: string[]; fromBeginning: boolean }): Promise<void>
  run(options: {
    autoCommit: boolean
    eachBatchAutoResolve: boolean
    partitionsConsumedConcurrently: number
    eachBatch: (batch: KafkaBatch) => Promise<void>
  }): Promise<void>
  seek(place: { topic: string; partition: number; offset: string }): void
  on(event: 'consumer.group_join' | 'consumer.crash', listener: (event: { payload: unknown }) => void): unknown
}

/** What a log needs of a client of `kafkajs`. */
export interface KafkaClient {
  admin(): KafkaAdmin
  producer(options: { retry: { retries: number } }): KafkaProducer
  consumer(options: { groupId: string; maxWaitTimeInMs: number }): KafkaConsumer
}
