import { parseRecord } from '../record-text.ts'
import type { SharedMessage } from '../shared-stream.ts'
import type { RabbitMessage } from './rabbit-connection.ts'

/** A record, or a mark: of no channel, it only says how far the stream has come. */
export interface StreamMessage extends SharedMessage {
  /** Tells the one who has sent it that it is the one. */
  readonly id: string
}

/** Offsets are one more than RabbitMQ's, which begin at 0. */
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
