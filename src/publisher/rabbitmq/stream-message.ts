import { parseRecord } from '../record-text.ts'
import type { RabbitMessage } from './rabbit-connection.ts'

/** A message of a stream: a record, or a mark that only says how far the stream has come. */
export interface StreamMessage {
  /** One more than RabbitMQ's, which begin at 0: behind it is a place, and 0 is the place before all. */
  readonly offset: number
  /** The digest of the channel's name; `''` for a mark. */
  readonly channel: string
  /** Tells the one who has sent it that it is the one. */
  readonly id: string
  readonly tag: string
  readonly data: string
}

export function parseMessage({ content, properties }: RabbitMessage): StreamMessage {
  const { messageId, correlationId, headers } = properties
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content)
  return {
    offset: Number(headers?.['x-stream-offset']) + 1,
    channel: String(correlationId ?? ''),
    id: String(messageId),
    ...parseRecord(text),
  }
}
