import { WebSocket } from 'ws'
import type { Link } from '../../../src/client/link.ts'
import { sleep } from '../../../src/core/abort.ts'
import { RPCError } from '../../../src/core/error.ts'
import { isEventGap } from '../../../src/event/event-gap.ts'
import { getEventMeta } from '../../../src/event/event-meta.ts'
import { RPCLink as FetchLink } from '../../../src/transport/fetch/rpc-link.ts'
import { RPCLink as PortLink } from '../../../src/transport/message-port/rpc-link.ts'
import { RPCLink as SocketLink } from '../../../src/transport/websocket/rpc-link.ts'
import type { Happening } from '../history.ts'
import { type Body, isIntact } from './body.ts'
import { PACE, type ReadCommand, STRETCH } from './commands.ts'
import { steadyNow } from './service.ts'

type Tell = (happening: Happening) => void
type Stream = AsyncIterator<Body, unknown>

const LINK = { backoff: PACE.backoff, heartbeat: PACE.heartbeat, heartbeatTimeout: PACE.heartbeatTimeout }

export interface ReaderOptions {
  readonly tell: Tell
  /** A new message port to the service. */
  readonly dialPort: () => any
}

/** Reads a channel as an application would: handles one event after the other, and after a gap goes on with what is left. */
export class Reader {
  readonly #command: ReadCommand
  readonly #tell: Tell
  readonly #left = new AbortController()
  readonly #link: Link<Record<never, never>> & { close?(): void }
  #expires: number | undefined

  constructor(command: ReadCommand, { tell, dialPort }: ReaderOptions) {
    this.#command = command
    this.#tell = tell
    this.#link = this.#createLink(dialPort)
    void this.#read()
  }

  leave(): void {
    this.#left.abort()
    this.#link.close?.()
  }

  #createLink(dialPort: () => any): Link<Record<never, never>> {
    const { transport, port } = this.#command
    const headers = (): Record<string, string | undefined> => ({ authorization: this.#token() })
    if (transport === 'port') return new PortLink({ ...LINK, headers, connect: dialPort })
    if (transport === 'ws') {
      const connect = () => new WebSocket(`ws://127.0.0.1:${port}/`, ['headwater.1']) as any
      return new SocketLink({ ...LINK, headers, connect, connectTimeout: PACE.silenceTimeout })
    }
    const { backoff } = PACE
    return new FetchLink({
      url: `http://127.0.0.1:${port}/rpc`,
      headers,
      backoff,
      silenceTimeout: PACE.silenceTimeout,
      fetch: fetchWithin(PACE.silenceTimeout),
    })
  }

  /** Asked for at every opening and reopening. */
  #token(): string | undefined {
    const { tokenTime } = this.#command
    if (tokenTime === 0) return undefined
    this.#expires = steadyNow() + tokenTime * STRETCH
    this.#tell({ type: 'token', reader: this.#command.reader, expires: this.#expires })
    return String(this.#expires)
  }

  async #read(): Promise<void> {
    const { reader, channel, transport, pace, pause } = this.#command
    const { signal } = this.#left
    let after = this.#command.after
    let wait = pause * STRETCH
    while (!signal.aborted) {
      try {
        this.#tell({ type: 'open', reader, channel, transport, after, slow: pace + pause > 0 })
        const stream = await this.#open(after)
        this.#tell({ type: 'opened', reader })
        for (let next = await stream.next(); !next.done; next = await stream.next()) {
          const body = next.value
          after = getEventMeta(body)?.id ?? 'none'
          this.#tell({ type: 'seen', reader, event: body.event, id: after, intact: isIntact(body) })
          wait += pace * STRETCH
          if (wait > 0) await sleep(wait, signal)
          wait = 0
        }
        if (!signal.aborted) this.#tell({ type: 'done', reader })
        break
      } catch (error) {
        if (signal.aborted) break
        const next = this.#afterFailure(error, after)
        if (next === undefined) break
        after = next
        await sleep(20)
      }
    }
    this.#tell({ type: 'left', reader })
  }

  async #open(after: string): Promise<Stream> {
    const { via, channel } = this.#command
    const from = after === 'now' ? 'now' : 'start'
    const lastEventId = after === 'start' || after === 'now' ? undefined : after
    const options = { signal: this.#left.signal, lastEventId }
    return (await this.#link.call([via], { channel, from }, options as any)) as Stream
  }

  /** Where to go on; `undefined` when there is no way. */
  #afterFailure(error: unknown, after: string): string | undefined {
    const { reader } = this.#command
    if (isEventGap(error)) {
      this.#tell({ type: 'gap', reader, ...error.data } as Happening)
      return error.data.oldest ?? 'start'
    }
    const { code, status, message } = error instanceof RPCError ? error : toError(error)
    const passes =
      status >= 500 && (code === 'CONNECTION_FAILED' || code === 'CONNECTION_LOST' || code === 'SERVICE_UNAVAILABLE')
    if (passes) this.#tell({ type: 'refused-opening', reader, code })
    else this.#tell({ type: 'failed', reader, code, message })
    return passes || code === 'UNAUTHORIZED' ? after : undefined
  }
}

function toError(error: unknown): { code: string; status: number; message: string } {
  return { code: 'ERROR', status: 0, message: String((error as Error)?.stack ?? error) }
}

/** An answer has to begin in time: a connection to a process that is stopped opens, and then nothing comes. */
function fetchWithin(milliseconds: number): (url: string, init: RequestInit) => Promise<Response> {
  return async (url, init) => {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(new Error('There was no answer')), milliseconds)
    const signal = init.signal ? AbortSignal.any([init.signal, late.signal]) : late.signal
    try {
      return await fetch(url, { ...init, signal })
    } finally {
      clearTimeout(timer)
    }
  }
}
