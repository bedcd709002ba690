import { serverScript } from '../../tools/build-servers.ts'
import type { Case, Figure, Scale } from '../../tools/case.ts'
import { Crowd } from '../../tools/fan-out-load.ts'
import { MeasuredProcess } from '../../tools/measured-process.ts'
import { measureWork } from '../../tools/measured-work.ts'

/** All clients lose their connections at once and come back at once. The servers are those of the fan-outs. */
export function reconnectStorm({ quick }: Scale): readonly Case[] {
  const storm = (workload: string, name: string, contenders: readonly string[]): Case => ({
    name: `reconnect-storm/${name}`,
    title: `${name === 'sse' ? 'SSE' : 'WebSocket'}: everybody comes back at once`,
    unit: 'µs of CPU per client',
    contenders,
    measure: (contender) => measureStorm(serverScript(workload, contender), quick ? 1000 : 5000),
  })
  return [
    storm('sse-fan-out', 'sse', ['raw', 'headwater', 'better-sse', 'hono', 'orpc', 'trpc']),
    storm('websocket-fan-out', 'websocket', ['raw', 'headwater', 'socket-io', 'orpc', 'trpc']),
  ]
}

async function measureStorm(script: string, clients: number): Promise<Figure> {
  const server = await MeasuredProcess.start(script)
  const crowd = new Crowd(server, 1)
  try {
    await crowd.open(clients)
    return await measureWork(server, clients, async () => {
      crowd.leave()
      await crowd.open(clients)
    })
  } finally {
    await server.stop()
    crowd.leave()
  }
}
