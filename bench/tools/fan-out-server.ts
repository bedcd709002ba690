import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { answerCommands } from './answer-commands.ts'
import { type BenchEvent, benchEvent } from './bench-event.ts'

/** Something to send, and what the answer to wait for has in it. */
export interface OpeningStep {
  /** In base64. */
  readonly bytes: string
  readonly answer: string
}

export interface FanOutServer {
  readonly server: Server
  /** What a subscriber of a channel sends, each part with the beginning of its answer. */
  readonly opening: (channel: string) => ReadonlyArray<readonly [bytes: string | Buffer, answer: string]>
  readonly publish: (channel: string, event: BenchEvent) => unknown
}

/** Serves the subscribers of a benchmark. Every event is published in a turn of its own, over all channels in turns. */
export function serveFanOut({ server, opening, publish }: FanOutServer): void {
  let published = 0
  server.listen(0, '127.0.0.1', () => {
    answerCommands({
      port: () => (server.address() as AddressInfo).port,
      opening: (channel: number) =>
        opening(`c${channel}`).map(([bytes, answer]) => ({ bytes: Buffer.from(bytes).toString('base64'), answer })),
      async publish({ count, channels }: { count: number; channels: number }) {
        for (let index = 0; index < count; index++) {
          await publish(`c${published % channels}`, benchEvent(published++))
          await setImmediate()
        }
      },
    })
  })
}
