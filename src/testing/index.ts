export { logChecks } from './log-checks.ts'
export type { LogCheck, LogHarness, LogSettings, OpenTransaction } from './log-harness.ts'
