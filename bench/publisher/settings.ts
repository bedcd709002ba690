import { MeasuredProcess } from '../tools/measured-process.ts'
import type { Load } from './drive.ts'

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
