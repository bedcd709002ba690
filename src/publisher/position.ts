/**
 * A place in a channel, between two events: behind the one at `offset`.
 *
 * The epoch names an incarnation of the channel, the tag the append that wrote the offset. Together they tell a place
 * in this history from the same offset in another: after a lost write or a restored backup offsets come back, tags do not.
 */
export interface Position {
  readonly epoch: string
  readonly offset: number
  readonly tag: string
}

/** The tag of a place behind which no record is known: the very beginning, or where the records have been trimmed. */
export const NO_TAG = '-'

export function isSamePlace(one: Position, other: Position): boolean {
  return one.offset === other.offset && one.tag === other.tag && one.epoch === other.epoch
}

/** The position that was formatted last and its id: those who follow a channel are all at its end, and share the text. */
let last: { readonly position: Position; readonly id: string } | undefined

/** The position as the opaque id of an event: what clients send back as `lastEventId`. */
export function formatId(position: Position): string {
  if (last?.position !== position) {
    const { epoch, offset, tag } = position
    last = { position, id: `${epoch}:${offset}:${tag}` }
  }
  return last.id
}

/** `undefined` for what is not an id of ours. */
export function parseId(id: string): Position | undefined {
  const [, epoch, offset, tag] = /^([0-9a-z]{1,64}):(0|[1-9]\d{0,14}):([0-9a-z-]{1,64})$/.exec(id) ?? []
  if (epoch === undefined || offset === undefined || tag === undefined) return undefined
  return { epoch, offset: Number(offset), tag }
}
