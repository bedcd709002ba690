import { RedisServer } from '../../../test/tools/redis-server.ts'
import { EVENT_MARK } from '../../tools/bench-event.ts'
import { serverScript } from '../../tools/build-servers.ts'
import type { Case, Scale } from '../../tools/case.ts'
import { measureStream } from '../../tools/stream-load.ts'

/** A client that reads a channel from its beginning, over SSE. */
export function replay({ quick }: Scale): readonly Case[] {
  const events = quick ? 10_000 : 100_000
  const of = (kind: string, contenders: readonly string[]): Case => ({
    name: `replay/${kind}`,
    title: `Replay of ${events.toLocaleString('en')} events from ${kind === 'memory' ? 'memory' : `${NAMES[kind]}, beside memory`}`,
    unit: 'µs of CPU per event',
    contenders,
    async measure(contender) {
      const redis = kind === 'redis' && contender === 'headwater' ? await RedisServer.start() : undefined
      try {
        const script = serverScript('replay', contender)
        const args = [kind, redis?.url ?? '']
        return await measureStream({ script, args, mark: EVENT_MARK, events, streams: 1 })
      } finally {
        await redis?.stop()
      }
    },
  })
  return [
    of('memory', ['raw', 'headwater', 'orpc']),
    of('sqlite', ['raw', 'headwater']),
    of('redis', ['raw', 'headwater']),
  ]
}

const NAMES: Readonly<Record<string, string>> = { sqlite: 'SQLite', redis: 'Redis' }
