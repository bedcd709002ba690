import type { NewRecord, Retention } from './event-log.ts'

/**
 * The one record of an append, for a log whose engine appends no several whole or not at all, and keeps all channels
 * equally long.
 *
 * @throws {RangeError} for several, for none, and for a retention that is longer than the log's.
 */
export function onlyRecord(
  log: string,
  records: readonly NewRecord[],
  { seconds }: Retention,
  { retentionSeconds }: { readonly retentionSeconds: number },
): NewRecord {
  const [record] = records
  if (record === undefined) throw new RangeError('There is nothing to append')
  if (records.length > 1) throw new RangeError(`A ${log} appends one record at a time`)
  if (seconds !== undefined && seconds > retentionSeconds) {
    const wanted = `the publisher wants ${seconds} s`
    throw new RangeError(`The ${log} keeps events for ${retentionSeconds} s (retentionSeconds), ${wanted}`)
  }
  return record
}

/** @throws {RangeError} when there is one. */
export function assertNoKey(log: string, idempotencyKey: string | undefined): void {
  if (idempotencyKey !== undefined) throw new RangeError(`A ${log} knows no idempotency keys`)
}
