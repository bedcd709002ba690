import type { TypedSchema } from '../core/schema.ts'
import type { Retention } from './event-log.ts'

export interface ChannelOptions<Event = any> {
  /** How long this channel's events are kept. Default: the publisher's. */
  readonly retention?: Retention | undefined
  /**
   * Checks events when they are published, and again when they are read: what is stored may be older than the schema.
   * What it makes of an event is published, and has to fit it again. Synchronous.
   */
  readonly schema?: TypedSchema<any, Event> | undefined
}

/** The options of channels by name; `*` in a name stands for anything. An exact name wins, then the first that fits. */
export type ChannelsOptions<Events extends object> = {
  readonly [Channel in keyof Events & string]?: ChannelOptions<Events[Channel]> | undefined
}

/** Finds the options of a channel. */
export class ChannelTable {
  readonly #exact = new Map<string, ChannelOptions>()
  readonly #patterns: Array<readonly [RegExp, ChannelOptions]> = []

  constructor(channels: { readonly [name: string]: ChannelOptions | undefined }) {
    for (const [name, options = {}] of Object.entries(channels)) {
      this.#exact.set(name, options)
      if (name.includes('*')) this.#patterns.push([patternOf(name), options])
    }
  }

  optionsOf(channel: string): ChannelOptions {
    return this.#exact.get(channel) ?? this.#patterns.find(([pattern]) => pattern.test(channel))?.[1] ?? {}
  }
}

function patternOf(name: string): RegExp {
  const parts = name.split('*').map((part) => part.replace(/[\\^$.+?()[\]{}|/-]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's')
}
