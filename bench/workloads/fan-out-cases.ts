import { serverScript } from '../tools/build-servers.ts'
import type { Case } from '../tools/case.ts'
import { measureFanOut } from '../tools/fan-out-load.ts'

/** Those whose handlers can stand between the publisher and the client. */
const RPC = ['raw', 'headwater', 'orpc', 'trpc']

const STYLES: Readonly<Record<string, string>> = {
  pass: '',
  map: ', a handler that maps',
  schema: ', an output schema',
}

interface FanOut {
  /** Of the folder with the contenders' servers. */
  readonly workload: string
  readonly transport: string
  readonly contenders: readonly string[]
  readonly quick: boolean
}

/** Events to many clients over a transport, from one channel and from many, by each way in which handlers give them. */
export function fanOutCases({ workload, transport, contenders: everybody, quick }: FanOut): readonly Case[] {
  const fanOut = (subscribers: number, channels: number, style: string, contenders = everybody): Case => ({
    name: `${workload}/${subscribers}-in-${channels}${style === 'pass' ? '' : `-${style}`}`,
    title: `${transport}: ${subscribers.toLocaleString('en')} subscribers in ${channels} channel${channels === 1 ? '' : 's'}${STYLES[style]}`,
    unit: 'µs of CPU per event delivered',
    contenders,
    measure: (contender) =>
      measureFanOut({
        script: serverScript(workload, contender),
        args: [style],
        subscribers,
        channels,
        deliveries: quick ? 25_000 : 100_000,
      }),
  })
  return [
    fanOut(500, 1, 'pass'),
    ...[1, 100, 1000, 5000].map((subscribers) => fanOut(subscribers, 1, 'pass')),
    fanOut(1000, 100, 'pass'),
    fanOut(500, 1, 'map', RPC),
    fanOut(500, 1, 'schema', RPC),
  ]
}
