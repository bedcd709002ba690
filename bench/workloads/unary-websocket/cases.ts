import { serverScript } from '../../tools/build-servers.ts'
import type { Case, Scale } from '../../tools/case.ts'
import { UnaryLoad } from '../../tools/unary-load.ts'

const CONTENDERS = ['raw', 'headwater', 'orpc', 'trpc']

/** One call, one answer, over a WebSocket. The input is validated. */
export function unaryWebSocket({ quick }: Scale): readonly Case[] {
  const calls = (name: string, bytes: number, count: number, clients: number): Case => ({
    name: `unary-websocket/${name}`,
    title: `WebSocket: calls with an input of ${SIZES[name]}`,
    unit: 'µs of CPU per call',
    contenders: CONTENDERS,
    units: quick ? count / 4 : count,
    start: (contender) => UnaryLoad.start({ script: serverScript('unary-websocket', contender), bytes, clients }),
  })
  return [calls('small', 43, 60_000, 64), calls('10kb', 10_000, 8_000, 16), calls('1mb', 950_000, 100, 4)]
}

const SIZES: Readonly<Record<string, string>> = { small: '75 bytes', '10kb': '10 KB', '1mb': '1 MB' }
