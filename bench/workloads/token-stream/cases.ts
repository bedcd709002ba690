import { EVENT_MARK } from '../../tools/bench-event.ts'
import { serverScript } from '../../tools/build-servers.ts'
import type { Case, Scale } from '../../tools/case.ts'
import { measureStream } from '../../tools/stream-load.ts'

/** Many small events to one client, as answers of language models come: each yielded by a generator in a turn of its own. */
export function tokenStream({ quick }: Scale): readonly Case[] {
  const events = quick ? 2_000 : 10_000
  return [
    {
      name: 'token-stream/sse',
      title: `SSE: a stream of ${events.toLocaleString('en')} small events to one client`,
      unit: 'µs of CPU per event',
      contenders: ['raw', 'headwater', 'hono', 'orpc', 'trpc'],
      measure: (contender) =>
        measureStream({ script: serverScript('token-stream', contender), mark: EVENT_MARK, events, streams: 6 }),
    },
  ]
}
