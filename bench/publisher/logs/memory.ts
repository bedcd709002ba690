import { EventEmitter } from 'node:events'
import { MemoryLog } from '../../../src/publisher/memory-log.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'
import { encode, idOf, LIMITS, newEpoch, type Place, receiver } from './by-hand.ts'

interface TimedRecord extends Place {
  readonly time: number
  readonly data: string
}

interface Channel {
  head: number
  records: TimedRecord[]
}

/**
 * There is no driver below this one: an array of each channel's records, which keeps them as long as a log does, and an
 * emitter. Its places have no tags: nothing of them can be lost but all.
 */
function bare(): Contender {
  const epoch = newEpoch()
  const channels = new Map<string, Channel>()
  const emitter = new EventEmitter().setMaxListeners(0)
  return {
    publish: async (name, event) => {
      let channel = channels.get(name)
      if (channel === undefined) {
        channel = { head: 0, records: [] }
        channels.set(name, channel)
      }
      const { records } = channel
      const record: TimedRecord = { epoch, offset: ++channel.head, tag: '-', time: Date.now(), data: encode(event) }
      records.push(record)
      let expired = 0
      const oldest = record.time - LIMITS.milliseconds
      while ((records[expired]?.time ?? record.time) <= oldest) expired++
      expired = Math.max(expired, records.length - LIMITS.events)
      if (expired > 0) records.splice(0, expired)
      emitter.emit(name, record)
      return { id: idOf(record), duplicate: false }
    },
    subscribe: async (name, onEvent) => {
      const receive = receiver(onEvent, channels.get(name)?.head)
      emitter.on(name, (record: TimedRecord) => receive(record, record.data))
    },
  }
}

export const memory: LogCase = {
  contenders: { headwater: async () => headwater(new MemoryLog()), bare: async () => bare() },
}
