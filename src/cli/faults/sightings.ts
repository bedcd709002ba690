import type { EventGapData } from '../../event/event-gap.ts'

/** One event as a stream has shown it: its id where it has one, else its value as JSON. */
export type Sighting = string

/** What one reader of a stream has seen, in its order. */
export class Sightings {
  readonly seen: Sighting[] = []
  readonly gaps: EventGapData[] = []
  cuts = 0
  /** Why it saw no more. */
  error: unknown
}

/** What a reader through faults has missed of what one without faults has seen. */
export interface Comparison {
  /** Events that both had to see. */
  readonly expected: number
  /** Never arrived, and no gap told of it. */
  readonly lost: readonly Sighting[]
  /** Arrived more than once. */
  readonly repeated: readonly Sighting[]
  /** Arrived, but behind one that came after it. */
  readonly disordered: readonly Sighting[]
}

/**
 * Compares from the first event that both have seen on. After a gap that was told, missing events are no losses.
 *
 * Events without ids are compared by their values: equal ones are then told apart by how many there are.
 */
export function compare(reference: readonly Sighting[], subject: readonly Sighting[], toldGaps: number): Comparison {
  const known = new Set(reference)
  const first = subject.findIndex((sighting) => known.has(sighting))
  const from = first === -1 ? 0 : reference.indexOf(subject[first] as Sighting)
  const expected = reference.slice(from)
  const arrived = subject.slice(Math.max(0, first))
  const left = countEach(expected)
  const repeated: Sighting[] = []
  for (const sighting of arrived) {
    const count = left.get(sighting)
    if (count === undefined) continue
    if (count === 0) repeated.push(sighting)
    else left.set(sighting, count - 1)
  }
  const missing = [...left].flatMap(([sighting, count]) => Array<Sighting>(count).fill(sighting))
  return {
    expected: expected.length,
    lost: toldGaps > 0 ? [] : missing,
    repeated,
    disordered: findDisorder(expected, arrived),
  }
}

function countEach(sightings: readonly Sighting[]): Map<Sighting, number> {
  const counts = new Map<Sighting, number>()
  for (const sighting of sightings) counts.set(sighting, (counts.get(sighting) ?? 0) + 1)
  return counts
}

/** Only of events that can be told apart, each where it came first. */
function findDisorder(expected: readonly Sighting[], arrived: readonly Sighting[]): Sighting[] {
  const counts = countEach(expected)
  const places = new Map(expected.map((sighting, place) => [sighting, place]))
  const disordered: Sighting[] = []
  const met = new Set<Sighting>()
  let furthest = -1
  for (const sighting of arrived) {
    const place = places.get(sighting)
    if (place === undefined || counts.get(sighting) !== 1 || met.has(sighting)) continue
    met.add(sighting)
    if (place < furthest) disordered.push(sighting)
    furthest = Math.max(furthest, place)
  }
  return disordered
}
