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
    connection.on('error', ignore)
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
      connection.removeListener('error', ignore)
      connection.release(broken)
    }
  }
}

const ignore = (): void => {}

/** Equal for equal statements of several logs on one connection. */
const nameOf: (text: string) => string = remembered(
  (text) => `headwater_${createHash('sha1').update(text).digest('hex').slice(0, 16)}`,
)

/** A connection of the pool's. One that comes too late goes back. */
export async function checkOut(pool: PgPool, timeout: number): Promise<PgPoolClient> {
  const connecting = pool.connect()
  try {
    return await within(timeout, connecting)
  } catch (error) {
    connecting.then(
      (late) => late.release(),
      () => {},
    )
    throw new NotConnected(error)
  }
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
