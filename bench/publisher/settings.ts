import { MeasuredProcess } from '../tools/measured-process.ts'
import { median } from '../tools/statistics.ts'
import type { Driven, Load } from './drive.ts'

export interface Settings {
  readonly rounds: number
  /** How long each load is driven. */
  readonly milliseconds: number
  /** What the processes that are driven run. */
  readonly script: string
}

/** A contender's process, warm. */
export async function startDriven(
  { script, milliseconds }: Settings,
  names: readonly [suite: string, contender: string, url: string],
  warmUp: Omit<Load, 'milliseconds'>,
): Promise<MeasuredProcess> {
  const driven = await MeasuredProcess.start(script, names)
  await driven.ask('drive', { ...warmUp, milliseconds: milliseconds / 2 })
  return driven
}

/** The middle of each figure. */
export function middle(runs: readonly Driven[]): Driven {
  const [first] = runs
  const names = Object.keys(first as Driven) as (keyof Driven)[]
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name]))])) as unknown as Driven
}
