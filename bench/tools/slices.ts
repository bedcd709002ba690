import type { Figure, Load, SlicesCase } from './case.ts'

/** Short enough for what disturbs a machine, long enough to hold some garbage collections. */
const SLICES = 12

/**
 * Has all contenders run in a round, and work in turns, a slice of the round at a time, once they are warm.
 *
 * @returns what each contender has given, the mean of its slices.
 */
export async function measureInSlices(
  contenders: readonly string[],
  { units, start }: Pick<SlicesCase, 'units' | 'start'>,
): Promise<ReadonlyMap<string, Figure>> {
  const loads = new Map<string, Load>()
  try {
    for (const contender of contenders) loads.set(contender, await start(contender))
    for (const load of loads.values()) await load.measure(units / 2)
    const slices = new Map<string, Figure[]>(contenders.map((contender) => [contender, []]))
    for (let slice = 0; slice < SLICES; slice++) {
      for (const [contender, load] of loads) slices.get(contender)?.push(await load.measure(units / SLICES))
    }
    return new Map([...slices].map(([contender, figures]) => [contender, meanOf(figures)]))
  } finally {
    for (const load of loads.values()) await load.stop()
  }
}

function meanOf(figures: readonly Figure[]): Figure {
  const mean = (of: (figure: Figure) => number): number =>
    figures.reduce((sum, figure) => sum + of(figure), 0) / figures.length
  const columns = Object.keys(figures[0]?.beside ?? {})
  return {
    value: mean(({ value }) => value),
    beside: Object.fromEntries(columns.map((name) => [name, mean(({ beside }) => beside?.[name] ?? 0)])),
  }
}
