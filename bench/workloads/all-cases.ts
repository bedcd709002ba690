import type { Case, Scale } from '../tools/case.ts'
import { sseFanOut } from './sse-fan-out/cases.ts'
import { websocketFanOut } from './websocket-fan-out/cases.ts'

/** Everything that `npm run bench` can compare, in its order. */
export function allCases(scale: Scale): readonly Case[] {
  return [sseFanOut, websocketFanOut].flatMap((workload) => workload(scale))
}
