import type { Appended, LogWatch, Wake } from '../event-log.ts'

/** Who in an object watches which channels. No timer: one would keep the object from its sleep. */
export class Wakes {
  readonly #watched = new Map<Wake, Set<string>>()

  get channels(): Set<string> {
    return new Set([...this.#watched.values()].flatMap((channels) => [...channels]))
  }

  open(wake: Wake): LogWatch {
    // One of its own: the same function may be given twice.
    const own: Wake = (channel, appended) => wake(channel, appended)
    const channels = new Set<string>()
    this.#watched.set(own, channels)
    return {
      add: async (channel) => void channels.add(channel),
      delete: (channel) => void channels.delete(channel),
      close: async () => void this.#watched.delete(own),
    }
  }

  wake(channel: string, appended: Appended | undefined): void {
    for (const [wake, channels] of this.#watched) if (channels.has(channel)) wake(channel, appended)
  }

  wakeAll(): void {
    for (const wake of this.#watched.keys()) wake()
  }
}

const wakes = new WeakMap<object, Wakes>()

/** Shared by all logs on one storage. */
export function wakesOf(storage: object): Wakes {
  let known = wakes.get(storage)
  if (known === undefined) {
    known = new Wakes()
    wakes.set(storage, known)
  }
  return known
}
