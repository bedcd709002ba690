import { availableParallelism, loadavg } from 'node:os'

/** So many that want to run cost a run nothing: it mostly waits. */
const FREE_LOAD_PER_CORE = 1.5
/** A run is not stretched more than that: it would try too little. */
const MOST = 6

/** How much longer things take here and now, since they wait for a core. */
export function slownessNow(): number {
  return Math.max(1, (loadavg()[0] ?? 0) / availableParallelism() / FREE_LOAD_PER_CORE)
}

/**
 * By how much the times of a run are stretched, its schedule and the library's limits in it, where the machine has other things
 * to do: what waits for a core is late without having broken a promise.
 */
export function stretchNow(): number {
  return Math.min(MOST, slownessNow())
}
