/** A message as the clients of NATS hand it out. */
export interface NatsMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly headers?: { get(name: string): string } | undefined
  readonly reply?: string | undefined
}

/** What a log needs of a connection of `@nats-io/transport-node` (or `nats`). */
export interface NatsConnection {
  readonly info?: { readonly max_payload: number } | undefined
  request(subject: string, payload: string, options: { timeout: number }): Promise<NatsMessage>
  requestMany(
    subject: string,
    payload: string,
    options: { strategy: 'count'; maxMessages: number; maxWait: number; noMux: boolean },
  ): Promise<AsyncIterable<NatsMessage>>
  publish(subject: string, payload: string): void
  subscribe(
    subject: string,
    options: { callback: (error: Error | null, message: NatsMessage) => void },
  ): { unsubscribe(): void }
  flush(): Promise<void>
  status(): AsyncIterable<{ readonly type: string }>
}

/** What a log needs of `jetstream(connection)`. */
export interface JetStream {
  /** Before the subjects of its API: `$JS.API`, or another one in a domain. */
  readonly apiPrefix: string
  publish(
    subject: string,
    payload: string,
    options: { msgID?: string; timeout: number },
  ): Promise<{ readonly seq: number; readonly duplicate: boolean }>
}
