import { availableParallelism, loadavg } from 'node:os'

/** So many that want to run cost a run nothing: it mostly waits. */
const FREE_LOAD_PER_CORE = 1.5
/** A run is not stretched more than that: it would try too little. */
const MOST = 6

/**
 * How much longer things take here and now, since they wait for a core. The load is that of the last minute, which does not know
 * yet of the runs that have begun together with this one.
 */
export function slownessNow(lanes: number): number {
  const cores = availableParallelism()
  return Math.max(1, lanes / cores, (loadavg()[0] ?? 0) / cores / FREE_LOAD_PER_CORE)
}

/**
 * By how much the times of a run are stretched, its schedule and the library's limits in it, where the machine has other things
 * to do: what waits for a core is late without having broken a promise.
 */
export function stretchNow(lanes: number): number {
  return Math.min(MOST, slownessNow(lanes))
}
