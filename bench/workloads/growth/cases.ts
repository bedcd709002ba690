import { EVENT_MARK } from '../../tools/bench-event.ts'
import { serverScript } from '../../tools/build-servers.ts'
import type { Case, Figure, Scale } from '../../tools/case.ts'
import { measureFanOut } from '../../tools/fan-out-load.ts'
import { measureStream } from '../../tools/stream-load.ts'
import { measureUnary } from '../../tools/unary-load.ts'

/** How Headwater's cost grows with what there is of something: its amounts are the contenders. */
export function growth({ quick }: Scale): readonly Case[] {
  const deliveries = quick ? 20_000 : 60_000
  const calls = quick ? 6_000 : 20_000
  const grow = (
    grows: string,
    unit: string,
    amounts: readonly number[],
    measure: (amount: number) => Promise<Figure>,
  ): Case => ({
    name: `growth/${grows.split(' ')[0]}`,
    title: `Growth with ${grows}`,
    unit,
    grows,
    contenders: amounts.map(String),
    measure: (amount) => measure(Number(amount)),
  })
  const fanOut = (subscribers: number, channels: number): Promise<Figure> =>
    measureFanOut({ script: serverScript('sse-fan-out', 'headwater'), subscribers, channels, deliveries })
  const unary = (middlewares: number, procedures: number, bytes = 43, count = calls): Promise<Figure> =>
    measureUnary({
      script: serverScript('growth', 'calls'),
      args: [String(middlewares), String(procedures)],
      bytes,
      calls: count,
      clients: 16,
    })
  return [
    grow('subscribers of a channel', 'µs of CPU per event delivered', [1, 10, 100, 1000, 5000], (count) =>
      fanOut(count, 1),
    ),
    grow('channels of 1,000 subscribers', 'µs of CPU per event delivered', [1, 10, 100, 1000], (count) =>
      fanOut(1000, count),
    ),
    grow('payload in bytes of JSON', 'µs of CPU per call', [100, 1000, 10_000, 100_000, 900_000], (bytes) =>
      unary(0, 1, bytes, Math.max(100, Math.min(calls, 2e8 / bytes / 10))),
    ),
    grow('backlog in events', 'µs of CPU per event replayed', [100, 1000, 10_000, 100_000], (events) =>
      measureStream({
        script: serverScript('replay', 'headwater'),
        mark: EVENT_MARK,
        events,
        streams: Math.max(1, 20_000 / events),
      }),
    ),
    grow('procedures in a router', 'µs of CPU per call', [1, 10, 100, 1000, 10_000], (count) => unary(0, count)),
    grow('middlewares around a procedure', 'µs of CPU per call', [1, 2, 4, 8, 16], (count) => unary(count, 1)),
  ]
}
