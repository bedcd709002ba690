import { HttpException, Logger } from '@nestjs/common'
import { RPCError } from '../core/error.ts'
import type { EventSource } from '../event/event-iterator.ts'
import { mapEventIterator } from '../event/map-event-iterator.ts'
import { fromNestException } from './rpc-exception.ts'

export const logger: Logger = new Logger('Headwater')

/** Writes down what nobody has meant to happen, as Nest does. */
export function logUnexpected(error: unknown): void {
  if (!(error instanceof RPCError) && !(error instanceof HttpException)) logger.error(error)
}

/** The stream with Nest's exceptions as errors that clients know. Filters cannot answer any more when it fails. */
export function withNestErrors(source: EventSource, signal: AbortSignal): EventSource {
  return mapEventIterator(source, {
    error: (error) => {
      if (!signal.aborted) logUnexpected(error)
      return fromNestException(error)
    },
  })
}
