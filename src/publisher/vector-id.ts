import { RPCError } from '../core/error.ts'
import { MAX_EVENT_ID_BYTES } from '../event/event-meta.ts'

/** The most channels whose places fit into one id. */
export const MAX_CHANNELS = 8

/**
 * Ids for several channels at once: a place in each, behind a hash of which channels they are.
 *
 * The order in which the channels are named does not matter.
 */
export class VectorIds {
  readonly #channels: readonly string[]
  readonly #sorted: readonly string[]
  readonly #hash: string

  constructor(channels: readonly string[]) {
    this.#channels = channels
    this.#sorted = [...channels].sort()
    this.#hash = hashOf(JSON.stringify(this.#sorted))
  }

  /** @param ids in the order of the channels. `undefined` while one of them is unknown. */
  format(ids: readonly (string | undefined)[]): string | undefined {
    const sorted = this.#sorted.map((channel) => ids[this.#channels.indexOf(channel)])
    if (sorted.includes(undefined)) return undefined
    return [this.#hash, ...sorted].join('.')
  }

  /** @throws {RPCError} when the id is longer than an id may be. */
  assertFits(id: string | undefined): void {
    if (id === undefined || id.length <= MAX_EVENT_ID_BYTES) return
    const message = `An id for ${this.#channels.length} channels is longer than ${MAX_EVENT_ID_BYTES} bytes: subscribe to fewer, or with \`resume: false\``
    throw new RPCError('INTERNAL_SERVER_ERROR', { message })
  }

  /** The id of each channel; `undefined` when this is no id for these channels. */
  parse(id: string): string[] | undefined {
    const [hash, ...ids] = id.split('.')
    if (hash !== this.#hash || ids.length !== this.#channels.length) return undefined
    return this.#channels.map((channel) => ids[this.#sorted.indexOf(channel)] as string)
  }
}

/** FNV-1a, 32 bit: tells sets of channels apart by chance, not against an attacker, who can name places anyway. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(36)
}
