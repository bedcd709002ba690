import { EventEmitter } from 'node:events'
import { MemoryLog } from '../../../src/publisher/memory-log.ts'
import type { Contender, LogCase } from '../contender.ts'
import { headwater } from '../headwater.ts'

/** An array of the newest 10,000 and an emitter: there is no driver below this one. */
function bare(): Contender {
  const channels = new Map<string, string[]>()
  const emitter = new EventEmitter().setMaxListeners(0)
  return {
    publish: async (channel, event) => {
      const records = channels.get(channel) ?? []
      channels.set(channel, records)
      const data = JSON.stringify({ json: event })
      records.push(data)
      if (records.length > 20_000) records.splice(0, 10_000)
      emitter.emit(channel, data)
    },
    subscribe: async (channel, onEvent) => void emitter.on(channel, (data: string) => onEvent(JSON.parse(data).json)),
  }
}

export const memory: LogCase = {
  contenders: { headwater: async () => headwater(new MemoryLog()), bare: async () => bare() },
}
