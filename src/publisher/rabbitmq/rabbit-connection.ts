export interface RabbitMessage {
  readonly content: Uint8Array
  readonly properties: {
    readonly messageId: unknown
    readonly correlationId: unknown
    readonly headers?: Readonly<Record<string, unknown>> | undefined
  }
}

/** What a log needs of a channel of `amqplib`. */
export interface RabbitChannel {
  assertQueue(name: string, options: { durable: boolean; arguments: Record<string, unknown> }): Promise<unknown>
  prefetch(count: number): Promise<unknown>
  consume(
    queue: string,
    onMessage: (message: RabbitMessage | null) => void,
    options: { arguments: Record<string, unknown> },
  ): Promise<unknown>
  ack(message: RabbitMessage): void
  close(): Promise<void>
  on(event: 'close' | 'error', listener: (error: unknown) => void): unknown
}

export interface RabbitConfirmChannel extends RabbitChannel {
  sendToQueue(
    queue: string,
    content: Uint8Array,
    options: { messageId: string; correlationId: string; persistent: boolean },
    confirmed: (error: unknown) => void,
  ): boolean
}

/** What a log needs of a connection of `amqplib`. */
export interface RabbitConnection {
  createChannel(): Promise<RabbitChannel>
  createConfirmChannel(): Promise<RabbitConfirmChannel>
  close(): Promise<void>
  on(event: 'close' | 'error', listener: (error: unknown) => void): unknown
}

/** Closes it, without waiting long for who does not answer any more. */
export function closeQuietly(connection: { close(): Promise<void> }, timeout: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeout)
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    connection.close().then(end, end)
  })
}
