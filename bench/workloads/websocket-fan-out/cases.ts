import type { Case, Scale } from '../../tools/case.ts'
import { fanOutCases } from '../fan-out-cases.ts'

const CONTENDERS = ['raw', 'headwater', 'socket-io', 'orpc', 'trpc']

/** Events to many clients over WebSockets. */
export function websocketFanOut({ quick }: Scale): readonly Case[] {
  return fanOutCases({ workload: 'websocket-fan-out', transport: 'WebSocket', contenders: CONTENDERS, quick })
}
