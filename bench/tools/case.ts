/** What one round with one contender has given. */
export interface Figure {
  /** What contenders are compared by, the less the better. */
  readonly value: number
  /** What else is worth knowing, by column. */
  readonly beside?: Readonly<Record<string, number>>
}

/** One comparison: the same work for every contender. */
interface Comparison {
  /** `workload/variant`. */
  readonly name: string
  readonly title: string
  readonly unit: string
  /** What the contenders are amounts of, where they are no contenders. */
  readonly grows?: string
  /** The file names of those who take part; the first one is what ratios are taken of. */
  readonly contenders: readonly string[]
  /** At most so many rounds. */
  readonly rounds?: number
}

/** One whose contenders do all of a round's work one after the other. */
export interface RoundsCase extends Comparison {
  measure(contender: string): Promise<Figure>
}

/** One whose contenders all run, and work in short turns: what else the machine does falls on them alike. */
export interface SlicesCase extends Comparison {
  /** Units of work in a round. */
  readonly units: number
  start(contender: string): Promise<Load>
}

export type Case = RoundsCase | SlicesCase

/** A server under load, so much of it as asked for. */
export interface Load {
  measure(units: number): Promise<Figure>
  stop(): Promise<void>
}

/** How much work is done. */
export interface Scale {
  /** Whether figures may be rough, for the sake of time. */
  readonly quick: boolean
}

export const CONTENDER_NAMES: Readonly<Record<string, string>> = {
  raw: 'raw node:http / ws',
  headwater: 'Headwater',
  orpc: 'oRPC',
  trpc: 'tRPC',
  'socket-io': 'Socket.IO',
  'better-sse': 'better-sse',
  hono: 'Hono',
}
