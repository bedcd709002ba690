import { randomToken } from '../../core/random-token.ts'
import type { AppendResult, NewRecord, Retention } from '../event-log.ts'
import type { Position } from '../position.ts'
import { keyOf, toArray } from './channel-key.ts'
import type { Row, RunQuery } from './clients.ts'
import type { Statements } from './statements.ts'

export interface AppenderOptions {
  readonly statements: Statements
  readonly idempotencySeconds: number
  readonly lockTimeout: number
  /** Makes channels, by a connection of the log's own. */
  readonly create: (keys: readonly string[]) => Promise<void>
}

export interface AppendRequest {
  /** The channel's. */
  readonly key: string
  readonly records: readonly NewRecord[]
  readonly retention: Retention
  readonly idempotencyKey: string | undefined
}

export class Appender {
  readonly #options: AppenderOptions

  constructor(options: AppenderOptions) {
    this.#options = options
  }

  /** One statement; two more for a channel that there is not yet, one more for a key that has been used. */
  async append(query: RunQuery, request: AppendRequest, transaction: 'own' | "caller's"): Promise<AppendResult> {
    const { statements, idempotencySeconds, lockTimeout, create } = this.#options
    const { key, records, retention, idempotencyKey } = request
    const tag = randomToken(6)
    const idempotent = idempotencyKey === undefined ? null : keyOf(idempotencyKey)
    const values = [
      key,
      toArray(records.map(({ data }) => data)),
      records.length,
      tag,
      toLimit(retention.seconds),
      toLimit(retention.events && Math.ceil(retention.events)),
      transaction === 'own' ? `${lockTimeout}ms` : null,
    ]
    const append = (): Promise<readonly Row[]> =>
      idempotent === null
        ? query(statements.append, values)
        : query(statements.appendOnce, [...values, idempotent, idempotencySeconds])
    for (let isMade = false; ; ) {
      const [appended] = await append()
      if (appended !== undefined) return toResult(appended, records.length, tag)
      const [known] = await query(statements.known, [key, idempotent])
      if (known !== undefined && known[1] !== null) return toDuplicate(known)
      if (known !== undefined) continue
      if (isMade) throw serializationFailure()
      // By the log itself, also for a transaction of the caller's: others who ask for the channel would wait for that.
      await create([key])
      isMade = transaction === "caller's"
    }
  }
}

function toResult([epoch, head, headTag]: readonly any[], count: number, tag: string): AppendResult {
  const before: Position = { epoch, offset: Number(head), tag: headTag }
  const [first, last] = [1, count].map((step) => ({ epoch, offset: before.offset + step, tag })) as [Position, Position]
  return { before, first, last, duplicate: false }
}

function toDuplicate([epoch, first, last, tag]: readonly any[]): AppendResult {
  const [one, other] = [first, last].map((offset) => ({ epoch, offset: Number(offset), tag })) as [Position, Position]
  return { first: one, last: other, duplicate: true }
}

/** `null` for none. */
function toLimit(limit = Number.POSITIVE_INFINITY): number | null {
  return limit > Number.MAX_SAFE_INTEGER ? null : limit
}

/** As Postgres says it of what it notices itself: the caller begins the transaction again. */
function serializationFailure(): Error {
  const message = 'The channel was made after the snapshot of this transaction: begin it again'
  return Object.assign(new Error(message), { code: '40001', severity: 'ERROR' })
}
