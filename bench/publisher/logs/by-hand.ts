import { randomToken } from '../../../src/core/random-token.ts'
import type { BenchEvent, OnEvent } from '../contender.ts'

/** What a bare loop keeps, as a publisher does by default. */
export const LIMITS = { milliseconds: 300_000, events: 10_000 }

/** An event as its record. */
export const encode = (event: BenchEvent): string => JSON.stringify({ json: event })

/** Names a log that begins anew: whoever resumes from another one has a gap. */
export const newEpoch = (): string => randomToken(12)

/** Stored with what is written: an offset that was written twice, because the first was lost, is told apart by it. */
export const newTag = (): string => randomToken(6)

export type OnRecord = (place: Place, data: string) => void

export interface Place {
  readonly epoch: string
  readonly offset: number
  readonly tag: string
}

export const idOf = ({ epoch, offset, tag }: Place): string => `${epoch}:${offset}:${tag}`

/**
 * What each bare loop does with a record that has come: it sees to it that none is missing, decodes it for its listener, which
 * gets the id to resume from, and whose errors are its own.
 *
 * @param last the offset after which it begins.
 * @param isWhole whether the offsets of a channel have no holes.
 */
export function receiver(onEvent: OnEvent, last = 0, isWhole = true): OnRecord {
  let newest = last
  return (place, data) => {
    if (place.offset <= newest) return
    if (isWhole && place.offset !== newest + 1) throw new Error(`Offset ${place.offset} follows ${newest}`)
    newest = place.offset
    const { json } = JSON.parse(data)
    try {
      onEvent(json, idOf(place))
    } catch (error) {
      console.error(error)
    }
  }
}

/** The longest that a server may take to answer, in ms: clients wait for ever for one that is away. */
const TIMEOUT = 5000

/** What comes of a command, if it comes in time. */
export async function inTime<Value>(command: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, TIMEOUT, new Error(`No answer within ${TIMEOUT} ms`))
  })
  try {
    return await Promise.race([command, late])
  } finally {
    clearTimeout(timer)
  }
}
