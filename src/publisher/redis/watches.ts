import type { Appended, LogWatch, Wake } from '../event-log.ts'
import { Subscriptions, type SubscriptionsOptions } from './subscriptions.ts'
import { parseWakeMessage } from './wake-message.ts'

interface Watch {
  readonly wake: Wake
  readonly channels: Set<string>
}

export interface WatchesOptions extends Pick<SubscriptionsOptions, 'client' | 'within' | 'locate' | 'signal'> {
  readonly topicOf: (channel: string) => string
}

/** Wakes for what is published of appends. All watches of a log share its subscriptions. */
export class Watches {
  readonly #topicOf: (channel: string) => string
  readonly #subscriptions: Subscriptions
  readonly #watches = new Set<Watch>()
  readonly #channels = new Map<string, string>()

  constructor({ topicOf, ...options }: WatchesOptions) {
    this.#topicOf = topicOf
    this.#subscriptions = new Subscriptions({
      ...options,
      onMessage: (topic, message) => this.#wake(topic, parseWakeMessage(message)),
      onRestored: (topic) => this.#wake(topic),
    })
  }

  open(wake: Wake): LogWatch {
    const watch: Watch = { wake, channels: new Set() }
    this.#watches.add(watch)
    return {
      add: (channel) => this.#add(watch, channel),
      delete: (channel) => this.#delete(watch, channel),
      close: async () => {
        this.#watches.delete(watch)
        for (const channel of watch.channels) this.#delete(watch, channel)
      },
    }
  }

  close(): void {
    this.#watches.clear()
    this.#channels.clear()
    this.#subscriptions.close()
  }

  async #add(watch: Watch, channel: string): Promise<void> {
    const topic = this.#topicOf(channel)
    watch.channels.add(channel)
    this.#channels.set(topic, channel)
    try {
      await this.#subscriptions.add(topic)
    } catch (error) {
      this.#delete(watch, channel)
      throw error
    }
  }

  #delete(watch: Watch, channel: string): void {
    if (!watch.channels.delete(channel)) return
    for (const { channels } of this.#watches) if (channels.has(channel)) return
    const topic = this.#topicOf(channel)
    this.#channels.delete(topic)
    this.#subscriptions.delete(topic)
  }

  #wake(topic: string, appended?: Appended): void {
    const channel = this.#channels.get(topic)
    if (channel === undefined) return
    for (const watch of this.#watches) if (watch.channels.has(channel)) watch.wake(channel, appended)
  }
}
