import type { ObjectStorage } from './object-storage.ts'

/** The one alarm of an object, for all who want to be woken. */
export class AlarmClock {
  readonly #storage: ObjectStorage
  /** The alarm that is known to be set, in ms since 1970. */
  #set = 0
  /** One after the other: each has to see what the one before has set. */
  #setting: Promise<void> = Promise.resolve()

  constructor(storage: ObjectStorage) {
    this.#storage = storage
  }

  /** Makes sure of an alarm at that time or before. Never rejects: without an alarm, the next append cleans up. */
  wakeBy(time: number): Promise<void> {
    if (this.#set > Date.now() && this.#set <= time) return this.#setting
    this.#set = time
    this.#setting = this.#setting.then(() => this.#setEarlier(time))
    return this.#setting
  }

  async #setEarlier(time: number): Promise<void> {
    try {
      const current = await this.#storage.getAlarm()
      if (current === null || current > time) await this.#storage.setAlarm(time)
    } catch (error) {
      this.#set = 0
      console.warn('headwater: no alarm could be set, so that old events are removed only when new ones come.', error)
    }
  }
}

const clocks = new WeakMap<object, AlarmClock>()

/** Shared by all who use one storage. */
export function alarmClockOf(storage: ObjectStorage): AlarmClock {
  let clock = clocks.get(storage)
  if (clock === undefined) {
    clock = new AlarmClock(storage)
    clocks.set(storage, clock)
  }
  return clock
}
