import type { Job } from './campaign.ts'

/** A run that has found something once. */
export interface Regression extends Job {
  readonly found: string
}

export const REGRESSIONS: readonly Regression[] = [
  {
    cell: { transport: 'sse', log: 'postgres', fault: 'cut' },
    seed: 3,
    found: 'publishes in transactions and subscribers that begin waited for each other for ever',
  },
]
