import type { Plan, Step } from './plan.ts'

/** A plan as a file of lines: what it is, then a step on each. Unlike a seed it stays the same when `planRun` changes. */
export function formatPlan({ steps, ...rest }: Plan): string {
  return `${[rest, ...steps].map((line) => JSON.stringify(line)).join('\n')}\n`
}

export function parsePlan(text: string): Plan {
  const [rest, ...steps] = text.trim().split('\n')
  return { ...JSON.parse(rest ?? ''), steps: steps.map((line): Step => JSON.parse(line)) }
}
