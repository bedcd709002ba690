import { RPCError } from '../core/error.ts'
import { Interruption } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** How a command ends, for scripts. */
export const ExitCode = {
  DONE: 0,
  /** The server has answered with an error. */
  FAILED: 1,
  USAGE: 2,
  /** There was no answer: no server, no network, no time. */
  UNREACHABLE: 3,
  /** Events are missing. */
  GAP: 4,
  INTERRUPTED: 130,
  TERMINATED: 143,
} as const

const NO_ANSWER: ReadonlySet<string> = new Set([
  'CONNECTION_FAILED',
  'CONNECTION_LOST',
  'STREAM_INTERRUPTED',
  'BAD_GATEWAY',
  'SERVICE_UNAVAILABLE',
  'GATEWAY_TIMEOUT',
  'TIMEOUT',
])

export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return error.exitCode
  if (error instanceof UsageError) return ExitCode.USAGE
  if (!(error instanceof RPCError)) return ExitCode.FAILED
  if (error.code === 'EVENT_GAP') return ExitCode.GAP
  return NO_ANSWER.has(error.code) ? ExitCode.UNREACHABLE : ExitCode.FAILED
}
