import { performance } from 'node:perf_hooks'
import type { Figure } from './case.ts'
import type { MeasuredProcess } from './measured-process.ts'

/**
 * Does work that a server has to answer, and says what a unit of it costs that server.
 *
 * @returns CPU time per unit in µs; beside it units per second, and how busy each of the two processes was in percent: a
 *   load generator near 100 would be the bottleneck.
 */
export async function measureWork(server: MeasuredProcess, units: number, work: () => Promise<void>): Promise<Figure> {
  const [cpu, own, startedAt] = [await server.cpu(), process.cpuUsage(), performance.now()]
  await work()
  const wall = performance.now() - startedAt
  const { user, system } = process.cpuUsage(own)
  const used = (await server.cpu()) - cpu
  const busy = (microseconds: number): number => microseconds / 10 / wall
  return {
    value: used / units,
    beside: { '1/s': (units / wall) * 1000, 'server %': busy(used), 'generator %': busy(user + system) },
  }
}
