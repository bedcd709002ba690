import { serverScript } from '../../tools/build-servers.ts'
import type { Case, Figure, Scale } from '../../tools/case.ts'
import { MeasuredProcess } from '../../tools/measured-process.ts'

/** What it takes until a process has loaded its code and listens. The servers are those of the calls over HTTP. */
export function startUp(_: Scale): readonly Case[] {
  return [
    {
      name: 'start-up',
      title: 'Start-up of a server with one procedure',
      unit: 'ms until it listens',
      contenders: ['raw', 'headwater', 'hono', 'orpc', 'trpc'],
      measure: (contender) => measureStart(serverScript('unary-http', contender)),
    },
  ]
}

async function measureStart(script: string): Promise<Figure> {
  const startedAt = performance.now()
  const server = await MeasuredProcess.start(script)
  await server.ask('port')
  const value = performance.now() - startedAt
  const cpu = (await server.cpu()) / 1000
  await server.stop()
  return { value, beside: { 'CPU ms': cpu } }
}
