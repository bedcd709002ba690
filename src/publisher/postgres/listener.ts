import { onAbort } from '../../core/abort.ts'
import { backoffDelay } from '../../core/backoff.ts'
import { isPostgresJs, type PgPool, type PostgresClient, type PostgresJs } from './clients.ts'
import { checkOut, giveBack, within } from './database.ts'
import { pause } from './pause.ts'

export interface ListenerOptions {
  readonly channel: string
  readonly onNotify: (payload: string) => void
  /** It listens again after a time in which it may have missed something. */
  readonly onBack: () => void
  readonly timeout: number
  readonly signal: AbortSignal
}

/**
 * What listens when it is called, from then on until the signal aborts: a connection that is lost is made again. It rejects
 * unless the first one is there in time, and may be called again then.
 */
export function createListener(client: PostgresClient, options: ListenerOptions): () => Promise<void> {
  return isPostgresJs(client) ? listenByPostgresJs(client, options) : () => listenByPg(client, options)
}

const RECONNECT_BACKOFF = { initialDelay: 50, maxDelay: 1000 }

/** How often a connection that says nothing is asked whether it is still there, in ms. */
const PING_INTERVAL = 15_000

async function listenByPg(pool: PgPool, options: ListenerOptions): Promise<void> {
  const first = await listenOnce(pool, options)
  void keepListening(pool, options, first.lost)
}

async function keepListening(pool: PgPool, options: ListenerOptions, first: Promise<void>): Promise<void> {
  const { onBack, signal } = options
  let lost = first
  for (let retry = 1; ; retry++) {
    await lost
    await pause(backoffDelay(retry, RECONNECT_BACKOFF), signal)
    if (signal.aborted) return
    try {
      lost = (await listenOnce(pool, options)).lost
      retry = 0
      onBack()
    } catch {
      // Tried again.
    }
  }
}

/** One connection that listens, and the promise of its end. */
async function listenOnce(pool: PgPool, options: ListenerOptions): Promise<{ readonly lost: Promise<void> }> {
  const { channel, onNotify, timeout, signal } = options
  const connection = await checkOut(pool, timeout)
  const ending = new AbortController()
  const end = (): void => ending.abort()
  const notify = ({ payload = '' }: { payload?: string | undefined }): void => onNotify(payload)
  connection.on('error', end)
  connection.on('end', end)
  connection.on('notification', notify)
  const ask = (text: string): Promise<unknown> =>
    within(timeout, connection.query({ text, values: [], rowMode: 'array' }))
  const release = (): void => {
    connection.removeListener('notification', notify)
    connection.removeListener('end', end)
    // Ended: it listens.
    giveBack(connection, true)
    connection.removeListener('error', end)
  }
  try {
    await ask(`LISTEN "${channel}"`)
  } catch (error) {
    release()
    throw error
  }
  return { lost: pingUntilLost(ask, AbortSignal.any([signal, ending.signal])).finally(release) }
}

async function pingUntilLost(ask: (text: string) => Promise<unknown>, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      await pause(PING_INTERVAL, signal)
      if (!signal.aborted) await ask('SELECT 1')
    }
  } catch {
    // Lost without a word.
  }
}

/**
 * postgres.js has a connection of its own for this and makes it again by itself, also when the first attempt fails. So it is
 * asked once and waited for as often as need be.
 */
function listenByPostgresJs(sql: PostgresJs, options: ListenerOptions): () => Promise<void> {
  const { channel, onNotify, onBack, timeout, signal } = options
  let first: Promise<void> | undefined
  const listen = (): Promise<void> =>
    new Promise((resolve) => {
      let isFirst = true
      const onListen = (): void => {
        if (isFirst) resolve()
        else if (!signal.aborted) onBack()
        isFirst = false
      }
      const hear = (payload: string): void => {
        if (!signal.aborted) onNotify(payload)
      }
      const stop = ({ unlisten }: { unlisten(): Promise<void> }): void =>
        void onAbort(signal, () => void unlisten().catch(() => {}))
      sql.listen(channel, hear, onListen).then(stop, () => {})
    })
  return () => {
    first ??= listen()
    return within(timeout, first)
  }
}
