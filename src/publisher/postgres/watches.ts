import type { Appended, LogWatch, Wake } from '../event-log.ts'
import { keyOf } from './channel-key.ts'

interface Watch {
  readonly wake: Wake
  /** The names of the channels by their keys. */
  readonly channels: Map<string, string>
}

/** Who in this process watches what. */
export class Watches {
  readonly #watches = new Set<Watch>()

  /** The keys of all channels that somebody watches. */
  get keys(): string[] {
    return [...new Set([...this.#watches].flatMap(({ channels }) => [...channels.keys()]))]
  }

  open(wake: Wake): LogWatch {
    const watch: Watch = { wake, channels: new Map() }
    this.#watches.add(watch)
    return {
      add: async (channel) => void watch.channels.set(keyOf(channel), channel),
      delete: (channel) => void watch.channels.delete(keyOf(channel)),
      close: async () => void this.#watches.delete(watch),
    }
  }

  wake(key: string, appended?: Appended): void {
    for (const { wake, channels } of this.#watches) {
      const channel = channels.get(key)
      if (channel !== undefined) wake(channel, appended)
    }
  }

  wakeAll(): void {
    for (const { wake } of this.#watches) wake()
  }

  close(): void {
    this.#watches.clear()
  }
}
