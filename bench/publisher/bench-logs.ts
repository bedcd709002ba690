import { measureInRounds } from '../tools/rounds.ts'
import { formatNumber } from '../tools/statistics.ts'
import { formatTable } from '../tools/table.ts'
import { LOGS } from './cases.ts'
import type { Driven } from './drive.ts'
import { middle, type Settings, startDriven } from './settings.ts'

/** One event at a time tells latencies; one in each of many channels, rates and what each costs. */
const ALONE = { channels: 1, inFlight: 1 }
const MANY = { channels: 64, inFlight: 1 }

const CONTENDERS = ['bare', 'headwater'] as const

interface LogFigures {
  readonly append: Driven
  readonly appends: Driven
  readonly delivery: Driven
  readonly deliveries: Driven
}

/** A log beside its bare driver: appends alone, then with a subscriber to each channel. */
export async function benchLogs(name: string, settings: Settings): Promise<void> {
  const server = await LOGS[name]?.start?.()
  const { milliseconds } = settings
  try {
    const figures = await measureInRounds(CONTENDERS, settings.rounds, async (contender): Promise<LogFigures> => {
      const url = server?.url ?? ''
      const driven = await startDriven(settings, [name, contender, url], { ...MANY, subscribers: 1 })
      try {
        return {
          append: await driven.ask('drive', { ...ALONE, subscribers: 0, milliseconds }),
          appends: await driven.ask('drive', { ...MANY, subscribers: 0, milliseconds }),
          delivery: await driven.ask('drive', { ...ALONE, subscribers: 1, milliseconds }),
          deliveries: await driven.ask('drive', { ...MANY, subscribers: 1, milliseconds }),
        }
      } finally {
        await driven.stop()
      }
    })
    const of = (contender: (typeof CONTENDERS)[number], load: keyof LogFigures): Driven =>
      middle((figures.get(contender) ?? []).map((figure) => figure[load]))
    const rows = [
      row('append, alone: p50 µs', 'ack50', 'append'),
      row('append, alone: p99 µs', 'ack99', 'append'),
      row('append, 64 channels: per second', 'rate', 'appends'),
      row('append, 64 channels: CPU µs/event', 'cpu', 'appends'),
      row('to a subscriber, alone: p50 µs', 'end50', 'delivery'),
      row('to a subscriber, alone: p99 µs', 'end99', 'delivery'),
      row('to a subscriber, 64 channels: per second', 'rate', 'deliveries'),
      row('to a subscriber, 64 channels: CPU µs/event', 'cpu', 'deliveries'),
    ]
    function row(title: string, figure: keyof Driven, load: keyof LogFigures): string[] {
      const [bare, ours] = [of('bare', load)[figure], of('headwater', load)[figure]]
      return [title, formatNumber(bare), formatNumber(ours), `${(ours / bare).toFixed(2)} ×`]
    }
    console.log(`\n${formatTable([name, 'bare driver', 'headwater', 'ratio'], rows)}`)
  } finally {
    await server?.stop()
  }
}
