import type { ObjectStorage } from './object-storage.ts'

/** The one alarm of an object, for all who want to be woken. */
export class AlarmClock {
  readonly #storage: ObjectStorage
  /** The alarm that is known to be set, in ms since 1970. */
  #set = 0

  constructor(storage: ObjectStorage) {
    this.#storage = storage
  }

  /** Makes sure of an alarm at that time or before. Never rejects: without an alarm, the next append cleans up. */
  async wakeBy(time: number): Promise<void> {
    if (this.#set > Date.now() && this.#set <= time) return
    this.#set = time
    try {
      const current = await this.#storage.getAlarm()
      if (current === null || current > time) await this.#storage.setAlarm(time)
      else this.#set = current
    } catch (error) {
      this.#set = 0
      console.warn('headwater: no alarm could be set, so that old events are removed only when new ones come.', error)
    }
  }
}
