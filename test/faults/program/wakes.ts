import type { EventLog, LogWatch, Wake } from '../../../src/publisher/event-log.ts'

/** `some-lost`: one in two, so that what the others bring along does not follow what was read. */
export type WakeFault = 'normal' | 'lost' | 'some-lost' | 'doubled'

export interface WakeFaults {
  how: WakeFault
  /** How often the log was read. */
  reads: number
  /** How many channels are watched. */
  readonly watched: Set<string>
}

/** The log as one process sees it, its wake-ups lost or doubled while the harness wants it so. */
export function withWakeFaults<Transaction>(log: EventLog<Transaction>, faults: WakeFaults): EventLog<Transaction> {
  const watch = async (wake: Wake): Promise<LogWatch> => {
    const inner = await log.watch((channel, appended) => {
      if (faults.how === 'lost') return
      if (faults.how === 'some-lost' && Math.random() < 0.5) return
      wake(channel, appended)
      if (faults.how !== 'doubled') return
      wake(channel, appended)
      wake()
      // What it brings along has long been read by then.
      setTimeout(() => wake(channel, appended), 20).unref()
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
