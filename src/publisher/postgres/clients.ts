/** What both drivers throw for what the server refuses. */
export interface ServerError extends Error {
  /** SQLSTATE. */
  readonly code: string
  readonly severity: string
}

interface PgQuery {
  readonly text: string
  readonly values: unknown[]
  readonly rowMode: 'array'
  readonly name?: string
}

/** A client of `pg`. */
export interface PgClient {
  query(query: PgQuery): Promise<{ rows: unknown[][] }>
}

export interface PgPoolClient extends PgClient {
  on(event: 'error' | 'end', listener: (error?: any) => void): unknown
  on(event: 'notification', listener: (message: { payload?: string | undefined }) => void): unknown
  removeListener(event: 'error' | 'end' | 'notification', listener: (argument: any) => void): unknown
  release(error?: Error | boolean): void
}

/** A pool of `pg`. */
export interface PgPool {
  connect(callback: (error: Error | undefined, client: PgPoolClient | undefined) => void): void
  readonly options?: { readonly max?: number | undefined }
}

interface PostgresJsQueryable {
  unsafe(
    text: string,
    values?: any[],
    options?: { prepare?: boolean | undefined },
  ): { values(): PromiseLike<unknown[][]> }
}

/** A `sql` of postgres.js. */
export interface PostgresJs extends PostgresJsQueryable {
  listen(
    channel: string,
    onNotify: (payload: string) => void,
    onListen?: () => void,
  ): Promise<{ unlisten(): Promise<void> }>
}

export type PostgresClient = PgPool | PostgresJs

/** Your own open transaction: a client of `pg` after its `BEGIN`, or the `sql` that postgres.js' `begin` gives. */
export type PostgresTransaction = PgClient | PostgresJsQueryable

export const isPostgresJs = (client: PostgresClient): client is PostgresJs => 'unsafe' in client

export type Row = readonly any[]

/** Runs one statement; rows come as arrays, which no setting of the user's renames. */
export type RunQuery = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>

/** Statements in the user's transaction. */
export function queryIn(transaction: PostgresTransaction): RunQuery {
  if ('unsafe' in transaction) return async (text, values = []) => transaction.unsafe(text, [...values]).values()
  return async (text, values = []) => (await transaction.query({ text, values: [...values], rowMode: 'array' })).rows
}
