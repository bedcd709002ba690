import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { answerCommands } from './answer-commands.ts'
import { EVENT_MARK } from './bench-event.ts'

export interface StreamServer {
  readonly server: Server
  /** Asks for a stream of so many events. */
  readonly request: (events: number) => string
  readonly prepare?: (events: number) => unknown
}

/** Serves the streams of a benchmark. */
export function serveStreams({ server, request, prepare }: StreamServer): void {
  server.listen(0, '127.0.0.1', () => {
    answerCommands({
      port: () => (server.address() as AddressInfo).port,
      async request(events: number) {
        await prepare?.(events)
        return request(events)
      },
    })
  })
}

/** Tokens as a language model gives them. */
export async function* tokens(count: number): AsyncGenerator<{ token: string }> {
  for (let index = 0; index < count; index++) {
    await setImmediate()
    yield { token: EVENT_MARK }
  }
}
