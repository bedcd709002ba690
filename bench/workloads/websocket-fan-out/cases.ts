import { serverScript } from '../../tools/build-servers.ts'
import type { Case, Scale } from '../../tools/case.ts'
import { measureFanOut } from '../../tools/fan-out-load.ts'

const EVERYBODY = ['raw', 'headwater', 'socket-io', 'orpc', 'trpc']
/** Those whose handlers can stand between the publisher and the client. */
const RPC = ['raw', 'headwater', 'orpc', 'trpc']

/** Events to many clients over WebSockets. */
export function websocketFanOut({ quick }: Scale): readonly Case[] {
  const fanOut = (subscribers: number, channels: number, style: string, contenders = EVERYBODY): Case => ({
    name: `websocket-fan-out/${subscribers}-in-${channels}${style === 'pass' ? '' : `-${style}`}`,
    title: `WebSocket: ${subscribers.toLocaleString('en')} subscribers in ${channels} channel${channels === 1 ? '' : 's'}${STYLES[style]}`,
    unit: 'µs of CPU per event delivered',
    contenders,
    measure: (contender) =>
      measureFanOut({
        script: serverScript('websocket-fan-out', contender),
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

const STYLES: Readonly<Record<string, string>> = {
  pass: '',
  map: ', a handler that maps',
  schema: ', an output schema',
}
