import type { SessionMonitor } from '../session/monitor.ts'
import type { OpenConnection, OpenStream } from '../session/open-work.ts'
import type { InspectedCalls, InspectedConnection, InspectedStream } from './inspector-contract.ts'

type Numbered<Known> = Known & { readonly id: number; readonly openedAt: number }

type StreamFacts = Numbered<Pick<InspectedStream, 'path' | 'connection' | 'resumedAfter' | 'client'>>

const MAX_CLIENT_LENGTH = 200

/** Keeps account of what handlers have open, and of how often each procedure is called. */
export class WorkMonitor implements SessionMonitor {
  readonly #streams = new Map<OpenStream, StreamFacts>()
  readonly #connections = new Map<OpenConnection, Numbered<object>>()
  readonly #calls = new Map<string, { -readonly [Fact in keyof InspectedCalls]: InspectedCalls[Fact] }>()
  #ids = 0

  onStream: SessionMonitor['onStream'] = (stream, { path, request }) => {
    const { connection } = request
    this.#streams.set(stream, {
      id: ++this.#ids,
      openedAt: Date.now(),
      path,
      connection: connection && this.#connections.get(connection)?.id,
      resumedAfter: request.header('last-event-id') || undefined,
      client: request.header('user-agent')?.slice(0, MAX_CLIENT_LENGTH),
    })
    return () => this.#streams.delete(stream)
  }

  onConnection: SessionMonitor['onConnection'] = (connection) => {
    this.#connections.set(connection, { id: ++this.#ids, openedAt: Date.now() })
    return () => this.#connections.delete(connection)
  }

  /** Counts a call while it is under way. */
  async count<Output>(path: readonly string[], work: () => Promise<Output>): Promise<Output> {
    const name = path.join('\n')
    const counts = this.#calls.get(name) ?? { path, calls: 0, errors: 0, active: 0, total: 0, longest: 0 }
    this.#calls.set(name, counts)
    counts.active++
    const since = performance.now()
    try {
      return await work()
    } catch (error) {
      counts.errors++
      throw error
    } finally {
      const milliseconds = performance.now() - since
      counts.active--
      counts.calls++
      counts.total += milliseconds
      counts.longest = Math.max(counts.longest, milliseconds)
    }
  }

  streams(): InspectedStream[] {
    return [...this.#streams].map(([{ events, position, buffered }, facts]) => ({
      ...facts,
      events,
      position,
      buffered,
    }))
  }

  connections(): InspectedConnection[] {
    return [...this.#connections].map(([{ calls, buffered, extended }, facts]) => ({
      ...facts,
      calls,
      buffered,
      protocol: extended ? 'headwater.1' : 'plain',
    }))
  }

  calls(): InspectedCalls[] {
    return [...this.#calls.values()].map((counts) => ({ ...counts }))
  }
}
