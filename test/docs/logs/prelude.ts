import type { EventLog, Position, Retention, StoredRecord } from 'headwater/publisher'
import type { SqliteLog } from 'headwater/publisher/sqlite'

export interface Order {
  readonly id: string
}

export interface Events {
  readonly orders: Order
}

/** What has been loaded of a channel. */
interface Loaded {
  readonly head: Position
  readonly trimmed: Position
  readonly records: ReadonlyMap<number, StoredRecord>
}

type Transaction = SqliteLog extends EventLog<infer T> ? T : never

export declare const connection: Transaction
export declare const connectionString: string
export declare const url: string

export declare const data: string
export declare const order: Order
export declare const retention: Retention

export declare function load(channel: string): Promise<Loaded>
export declare function pageOf(
  records: Loaded['records'],
  after: Position,
  limit: Parameters<EventLog['read']>[2],
): readonly StoredRecord[]
