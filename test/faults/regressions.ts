import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plan } from './plan.ts'
import { parsePlan } from './plan-file.ts'

/** A plan whose run has found something once. */
export interface Regression {
  readonly name: string
  readonly found: string
  readonly plan: Plan
}

export const REGRESSIONS: readonly Regression[] = [
  keep('sse-postgres-cut-3', 'publishes in transactions and subscribers that begin waited for each other for ever'),
  keep('port-nats-flush-log-2003', 'a process that only publishes never found the stream that followed a deleted one'),
  keep('port-sqlite-mixed-100', 'the first call over a port that was half-open from the start waited for ever'),
  keep('port-nats-slow-5001', 'who read long records of NATS took 20 ms of CPU for each and fell behind'),
]

function keep(name: string, found: string): Regression {
  const file = join(import.meta.dirname, 'regressions', `${name}.jsonl`)
  return { name, found, plan: parsePlan(readFileSync(file, 'utf8')) }
}
