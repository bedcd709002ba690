import type { MeasuredProcess } from '../tools/measured-process.ts'
import { measureInRounds } from '../tools/rounds.ts'
import { formatNumber, median } from '../tools/statistics.ts'
import { formatTable } from '../tools/table.ts'
import { LOGS } from './cases.ts'
import type { Driven } from './drive.ts'
import { type Settings, startDriven } from './settings.ts'

/** One event at a time tells latencies; one in each of many channels, rates and what each costs. */
const LOADS = {
  append: { channels: 1, inFlight: 1, subscribers: 0 },
  appends: { channels: 64, inFlight: 1, subscribers: 0 },
  delivery: { channels: 1, inFlight: 1, subscribers: 1 },
  deliveries: { channels: 64, inFlight: 1, subscribers: 1 },
} as const

const CONTENDERS = ['bare', 'headwater'] as const

type LoadName = keyof typeof LOADS
type Figures = Readonly<Record<LoadName, Driven>>

/**
 * A log beside its bare driver: appends alone, then with a subscriber to each channel. Both are there all the time and
 * driven in turn, so that whatever else the machine does happens to both.
 */
export async function benchLogs(name: string, settings: Settings): Promise<void> {
  const server = await LOGS[name]?.start?.()
  const processes = new Map<string, MeasuredProcess>()
  try {
    for (const contender of CONTENDERS) {
      const driven = await startDriven(settings, [name, contender, server?.url ?? ''], LOADS.deliveries)
      processes.set(contender, driven)
    }
    const figures = await measureInRounds(CONTENDERS, settings.rounds, async (contender): Promise<Figures> => {
      const drive = (load: LoadName): Promise<Driven> => {
        const cpu = LOADS[load].channels === 1 ? settings.cpu / 4 : settings.cpu
        return (processes.get(contender) as MeasuredProcess).ask('drive', { ...LOADS[load], cpu })
      }
      return {
        append: await drive('append'),
        appends: await drive('appends'),
        delivery: await drive('delivery'),
        deliveries: await drive('deliveries'),
      }
    })
    const row = (title: string, figure: keyof Driven, load: LoadName): string[] => {
      const of = (contender: (typeof CONTENDERS)[number]): number[] =>
        (figures.get(contender) ?? []).map((round) => round[load][figure])
      const [bare, ours] = [of('bare'), of('headwater')]
      // Of each round by itself: from one to the next the machine may have become another one.
      const ratio = median(ours.map((value, round) => value / (bare[round] ?? Number.NaN)))
      return [title, formatNumber(median(bare)), formatNumber(median(ours)), `${ratio.toFixed(2)} ×`]
    }
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
    console.log(`\n${formatTable([name, 'bare driver', 'headwater', 'ratio'], rows)}`)
  } finally {
    for (const driven of processes.values()) await driven.stop()
    await server?.stop()
  }
}
