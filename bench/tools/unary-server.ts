import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerCommands } from './answer-commands.ts'
import { type Order, orderOf } from './order.ts'

export interface UnaryServer {
  readonly server: Server
  /** What opens a connection, where it takes more than connecting. */
  readonly opening?: string
  /** A call. Ids are of those calls only that are under way on a connection. */
  readonly request: (order: Order, id: number) => string | Buffer
}

/** Serves the calls of a benchmark. */
export function serveUnary({ server, opening, request }: UnaryServer): void {
  // Clients wait while it is another contender's turn.
  server.keepAliveTimeout = 600_000
  server.listen(0, '127.0.0.1', () => {
    answerCommands({
      port: () => (server.address() as AddressInfo).port,
      opening: () => opening,
      requests: (bytes: number) => [1, 2].map((id) => Buffer.from(request(orderOf(bytes), id)).toString('base64')),
    })
  })
}
