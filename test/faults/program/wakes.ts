import type { EventLog, LogWatch } from '../../../src/publisher/event-log.ts'

export interface WakeFaults {
  how: 'normal' | 'lost' | 'doubled'
  /** How often the log was read. */
  reads: number
  /** How many channels are watched. */
  readonly watched: Set<string>
}

/** The log as one process sees it, its wake-ups lost or doubled while the harness wants it so. */
export function withWakeFaults<Transaction>(log: EventLog<Transaction>, faults: WakeFaults): EventLog<Transaction> {
  const watch = async (wake: (channel?: string) => void): Promise<LogWatch> => {
    const inner = await log.watch((channel) => {
      if (faults.how === 'lost') return
      wake(channel)
      if (faults.how === 'doubled') for (const again of [channel, undefined]) wake(again)
    })
    return {
      add: async (channel) => {
        faults.watched.add(channel)
        await inner.add(channel)
      },
      delete: (channel) => {
        faults.watched.delete(channel)
        inner.delete(channel)
      },
      close: async () => {
        faults.watched.clear()
        await inner.close()
      },
    }
  }
  return {
    capabilities: log.capabilities,
    append: (channel, records, options) => log.append(channel, records, options),
    read: (channel, after, limit) => {
      faults.reads++
      return log.read(channel, after, limit)
    },
    heads: (channels) => log.heads(channels),
    watch,
    close: () => log.close(),
  }
}
