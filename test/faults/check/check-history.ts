import type { Entry, Setting, Violation } from '../history.ts'
import { checkGaps } from './gaps.ts'
import { checkIteration } from './iteration.ts'
import { checkLatency } from './latency.ts'
import { Ledger } from './ledger.ts'
import { checkCompleteness, checkPromptness } from './promptness.ts'
import { checkOrder, checkPublishing } from './publishing.ts'
import { checkResources } from './resources.ts'
import { checkTraces } from './traces.ts'

/** Decides whether a run kept the delivery contract: a pure function of what happened. Empty when it did. */
export function checkHistory(history: readonly Entry[], setting: Setting): Violation[] {
  const ledger = new Ledger(history)
  return [
    ...ledger.violations,
    ...checkIteration(history, ledger, setting),
    ...checkGaps(history, ledger, setting),
    ...checkPublishing(history, ledger, setting),
    ...checkOrder(history, ledger),
    ...checkLatency(history, setting),
    ...checkTraces(history, setting),
    ...checkPromptness(history, setting),
    ...checkCompleteness(history, ledger, setting),
    ...checkResources(history, setting),
  ]
}
