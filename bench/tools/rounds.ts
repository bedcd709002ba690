/**
 * Measures every contender once per round, so that what disturbs the machine disturbs all of them. Every other round goes
 * backwards: nobody always comes behind the same one.
 *
 * @returns the figures of each contender, a round each.
 */
export async function measureInRounds<Contender, Figure>(
  contenders: readonly Contender[],
  rounds: number,
  measure: (contender: Contender, round: number) => Promise<Figure>,
): Promise<Map<Contender, Figure[]>> {
  const figures = new Map<Contender, Figure[]>(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed()
    for (const contender of order) figures.get(contender)?.push(await measure(contender, round))
  }
  return figures
}
