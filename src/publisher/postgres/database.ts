import { createHash } from 'node:crypto'
import { remembered } from '../remembered.ts'
import { isPostgresJs, type PgPool, type PgPoolClient, type PostgresClient, type RunQuery } from './clients.ts'
import { isConnectionLost, NoAnswer, NotConnected } from './failures.ts'

export interface DatabaseOptions {
  /** How long the connection and the answer are waited for together, in ms. */
  readonly timeout: number
  /** Whether `pg` prepares statements by name. postgres.js has a setting of its own. */
  readonly prepare: boolean
}

/** Statements on connections of the user's client, each by itself and none without a limit of time. */
export function queryOf(client: PostgresClient, { timeout, prepare }: DatabaseOptions): RunQuery {
  if (isPostgresJs(client)) {
    return async (text, values = []) => {
      const query = client.unsafe(text, [...values], { prepare: true }).values()
      return within(timeout, Promise.resolve(query))
    }
  }
  return async (text, values) => {
    const deadline = performance.now() + timeout
    const connection = await checkOut(client, timeout)
    let broken: Error | undefined
    try {
      // Without values it may be several statements, which cannot be prepared.
      const name = prepare && values !== undefined ? { name: nameOf(text) } : {}
      const query = { text, values: values === undefined ? [] : [...values], rowMode: 'array' as const, ...name }
      return (await within(deadline - performance.now(), connection.query(query))).rows
    } catch (error) {
      if (isConnectionLost(error)) broken = error as Error
      throw error
    } finally {
      giveBack(connection, broken)
    }
  }
}

const ignore = (): void => {}

/** Equal for equal statements of several logs on one connection. */
const nameOf: (text: string) => string = remembered(
  (text) => `headwater_${createHash('sha1').update(text).digest('hex').slice(0, 16)}`,
)

/** A connection of the pool's, to be given back. One that comes too late goes back by itself. */
export async function checkOut(pool: PgPool, timeout: number): Promise<PgPoolClient> {
  const connecting = connect(pool)
  try {
    return await within(timeout, connecting)
  } catch (error) {
    connecting.then(giveBack, () => {})
    throw new NotConnected(error)
  }
}

/** @param broken ends it. */
export function giveBack(connection: PgPoolClient, broken?: Error | true): void {
  connection.release(broken)
  connection.removeListener('error', ignore)
}

/**
 * By a callback: what the server says in the same breath as that it is ready, such as that it shuts down, comes before any
 * promise resolves, and is thrown where nobody listens.
 */
function connect(pool: PgPool): Promise<PgPoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, connection) => {
      if (connection === undefined) return reject(error)
      connection.on('error', ignore)
      resolve(connection)
    })
  })
}

/** The promise's outcome, unless that takes too long. */
export function within<Value>(milliseconds: number, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(`No answer within ${milliseconds} ms`)), milliseconds)
    const settle =
      <Outcome>(outcome: (value: Outcome) => void) =>
      (value: Outcome): void => {
        clearTimeout(timer)
        outcome(value)
      }
    promise.then(settle(resolve), settle(reject))
  })
}
