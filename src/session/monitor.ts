import type { OpenConnection, OpenStream } from './open-work.ts'
import type { ServerRequest } from './server-request.ts'

/** What a stream was asked for with. */
export interface StreamCall {
  readonly path: readonly string[]
  readonly request: ServerRequest
}

/** Is told what a handler has open, until what it gives back is called. Handlers without a monitor keep no account. */
export interface SessionMonitor {
  onStream(stream: OpenStream, call: StreamCall): () => void
  onConnection(connection: OpenConnection): () => void
}

/** One monitor of several; `undefined` of none. */
export function joinMonitors(monitors: readonly SessionMonitor[]): SessionMonitor | undefined {
  const [first, ...others] = monitors
  if (first === undefined || others.length === 0) return first
  const join = (ends: readonly (() => void)[]) => () => {
    for (const end of ends) end()
  }
  return {
    onStream: (stream, call) => join(monitors.map((monitor) => monitor.onStream(stream, call))),
    onConnection: (connection) => join(monitors.map((monitor) => monitor.onConnection(connection))),
  }
}
