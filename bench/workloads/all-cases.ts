import type { Case, Scale } from '../tools/case.ts'
import { idleMemory } from './idle-memory/cases.ts'
import { sseFanOut } from './sse-fan-out/cases.ts'
import { unaryHTTP } from './unary-http/cases.ts'
import { unaryWebSocket } from './unary-websocket/cases.ts'
import { websocketFanOut } from './websocket-fan-out/cases.ts'

const WORKLOADS = [sseFanOut, websocketFanOut, unaryHTTP, unaryWebSocket, idleMemory]

/** Everything that `npm run bench` can compare, in its order. */
export function allCases(scale: Scale): readonly Case[] {
  return WORKLOADS.flatMap((workload) => workload(scale))
}
