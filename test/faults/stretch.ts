import { availableParallelism, loadavg } from 'node:os'

/** So many that want to run cost a run nothing: it mostly waits. */
const FREE_LOAD_PER_CORE = 1.5
const MOST = 6

/**
 * By how much all times of a run are stretched, its schedule, the library's limits in it and the judge's patience, where the
 * machine has other things to do: what waits for a core is late without having broken a promise.
 */
export function stretchNow(): number {
  const load = (loadavg()[0] ?? 0) / availableParallelism()
  return Math.min(MOST, Math.max(1, load / FREE_LOAD_PER_CORE))
}
