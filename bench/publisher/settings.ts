import { MeasuredProcess } from '../tools/measured-process.ts'
import { median } from '../tools/statistics.ts'
import type { Driven, Load } from './drive.ts'

export interface Settings {
  readonly rounds: number
  /** How long each load is driven, in ms of CPU time. */
  readonly cpu: number
  /** What the processes that are driven run. */
  readonly script: string
}

/** A contender's process, warm. */
export async function startDriven(
  { script, cpu }: Settings,
  names: readonly [suite: string, contender: string, url: string],
  warmUp: Omit<Load, 'cpu'>,
): Promise<MeasuredProcess> {
  const driven = await MeasuredProcess.start(script, names)
  await driven.ask('drive', { ...warmUp, cpu })
  return driven
}

/** The middle of each figure. */
export function middle(runs: readonly Driven[]): Driven {
  const [first] = runs
  const names = Object.keys(first as Driven) as (keyof Driven)[]
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name]))])) as unknown as Driven
}
