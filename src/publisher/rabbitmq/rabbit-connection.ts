import { withTimeout } from '../../core/timeout.ts'

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
  /** The client's own, with the socket. */
  readonly connection?: unknown
  createChannel(): Promise<RabbitChannel>
  createConfirmChannel(): Promise<RabbitConfirmChannel>
  close(): Promise<void>
  on(event: 'close' | 'error', listener: (error: unknown) => void): unknown
}

/** Closes it, and cuts it where nobody answers to that. */
export function closeQuietly(open: RabbitConnection, timeout: number): Promise<void> {
  return withTimeout(open.close(), { milliseconds: timeout, subject: 'RabbitMQ' }).catch(() => {
    const { stream } = (open.connection ?? {}) as { stream?: { destroy?(): void } }
    stream?.destroy?.()
  })
}
