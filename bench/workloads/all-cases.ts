import type { Case, Scale } from '../tools/case.ts'
import { clientBundle } from './client-bundle/cases.ts'
import { growth } from './growth/cases.ts'
import { idleMemory } from './idle-memory/cases.ts'
import { reconnectStorm } from './reconnect-storm/cases.ts'
import { replay } from './replay/cases.ts'
import { sseFanOut } from './sse-fan-out/cases.ts'
import { startUp } from './start-up/cases.ts'
import { tokenStream } from './token-stream/cases.ts'
import { typeChecking } from './type-checking/cases.ts'
import { unaryHTTP } from './unary-http/cases.ts'
import { unaryWebSocket } from './unary-websocket/cases.ts'
import { websocketFanOut } from './websocket-fan-out/cases.ts'

const WORKLOADS = [
  sseFanOut,
  websocketFanOut,
  unaryHTTP,
  unaryWebSocket,
  tokenStream,
  replay,
  reconnectStorm,
  idleMemory,
  startUp,
  clientBundle,
  typeChecking,
  growth,
]

/** Everything that `npm run bench` can compare, in its order. */
export function allCases(scale: Scale): readonly Case[] {
  return WORKLOADS.flatMap((workload) => workload(scale))
}
