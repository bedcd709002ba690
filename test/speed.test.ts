import { beforeAll, expect, test } from 'vitest'
import { buildServers, serverScript } from '../bench/tools/build-servers.ts'
import type { Load } from '../bench/tools/case.ts'
import { FanOutLoad } from '../bench/tools/fan-out-load.ts'
import { median } from '../bench/tools/statistics.ts'
import { UnaryLoad } from '../bench/tools/unary-load.ts'

/** Short, so that what else the machine does falls on both alike. */
const SLICES = 7

beforeAll(() => buildServers(), 60_000)

/** How much CPU time Headwater's server takes for the work of the raw one: both run, and work in turns. */
async function ratio(start: (contender: string) => Promise<Load>, units: number): Promise<number> {
  const loads: Load[] = []
  try {
    for (const contender of ['raw', 'headwater']) loads.push(await start(contender))
    const [raw, headwater] = loads as [Load, Load]
    for (const load of loads) await load.measure(units * 3)
    const ratios: number[] = []
    for (let slice = 0; slice < SLICES; slice++) {
      const base = await raw.measure(units)
      ratios.push((await headwater.measure(units)).value / base.value)
    }
    return median(ratios)
  } finally {
    for (const load of loads) await load.stop()
  }
}

const fanOut = (workload: string) => (contender: string) =>
  FanOutLoad.start({ script: serverScript(workload, contender), subscribers: 250, channels: 1 })

// One and a half times what Headwater aims at beside a bare loop: this finds what has become slow, not what is a bit slower.
test('an event to many subscribers over SSE costs at most 1.95 times a raw loop', async () => {
  expect(await ratio(fanOut('sse-fan-out'), 2500)).toBeLessThan(1.5 * 1.3)
}, 180_000)

test('an event to many subscribers over WebSockets costs at most 1.8 times a raw loop', async () => {
  expect(await ratio(fanOut('websocket-fan-out'), 2500)).toBeLessThan(1.5 * 1.2)
}, 180_000)

test('a call over HTTP costs at most 1.95 times a raw server', async () => {
  const start = (contender: string): Promise<Load> =>
    UnaryLoad.start({ script: serverScript('unary-http', contender), clients: 32, bytes: 43 })
  expect(await ratio(start, 2000)).toBeLessThan(1.5 * 1.3)
}, 180_000)
