import { serverScript } from '../../tools/build-servers.ts'
import type { Case, Figure, Scale } from '../../tools/case.ts'
import { Crowd } from '../../tools/fan-out-load.ts'
import { MeasuredProcess } from '../../tools/measured-process.ts'

/** What subscribers cost who only wait. The servers are those of the fan-outs. */
export function idleMemory({ quick }: Scale): readonly Case[] {
  const memory = (workload: string, name: string, contenders: readonly string[]): Case => ({
    name: `idle-memory/${name}`,
    title: `${name === 'sse' ? 'SSE' : 'WebSocket'}: an idle subscriber`,
    unit: 'KB of memory each',
    contenders,
    measure: (contender) => measureIdle(serverScript(workload, contender), quick ? 1000 : 4000),
  })
  return [
    memory('sse-fan-out', 'sse', ['raw', 'headwater', 'better-sse', 'hono', 'orpc', 'trpc']),
    memory('websocket-fan-out', 'websocket', ['raw', 'headwater', 'socket-io', 'orpc', 'trpc']),
  ]
}

/** Those who came first do not count: they bring what a server needs once. */
async function measureIdle(script: string, subscribers: number): Promise<Figure> {
  const server = await MeasuredProcess.start(script)
  const crowd = new Crowd(server, 1)
  try {
    await crowd.join(subscribers / 4)
    const before = await server.memory()
    await crowd.join(subscribers)
    const after = await server.memory()
    const each = (bytes: number): number => bytes / subscribers / 1024
    return { value: each(after.rss - before.rss), beside: { 'heap KB': each(after.heap - before.heap) } }
  } finally {
    await server.stop()
    crowd.leave()
  }
}
