import type { Case, Scale } from '../../tools/case.ts'
import { fanOutCases } from '../fan-out-cases.ts'

const CONTENDERS = ['raw', 'headwater', 'better-sse', 'hono', 'orpc', 'trpc']

/** Events to many clients over HTTP. */
export function sseFanOut({ quick }: Scale): readonly Case[] {
  return fanOutCases({ workload: 'sse-fan-out', transport: 'SSE', contenders: CONTENDERS, quick })
}
