import { Unseen } from '../core/unseen.ts'

/** Events that are frozen through and through and handed to many streams. */
class Shared extends Unseen {
  static readonly #beside = new WeakSet<object>()
  readonly #isShared = true

  static has(event: object): boolean {
    return #isShared in event || Shared.#beside.has(event)
  }

  static add(event: object): void {
    if (Object.isExtensible(event)) new Shared(event)
    else Shared.#beside.add(event)
  }
}

/** The value, frozen, as an event for many streams. Plain JSON only: freezing does not protect what a `Map` holds. */
export function shareEvent<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  Shared.add(value)
  deepFreeze(value)
  return value
}

/** Whether it is an event that `shareEvent` gave. */
export function isShared(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Shared.has(value)
}

/** Whether freezing protects all that is in a value. */
export function isPlainJSON(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isPlainJSON)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every(isPlainJSON)
}

/**
 * The function, called once for an event that many streams share: it must always give the same for the same event. What
 * it throws is not kept.
 */
export function oncePerEvent<Result>(make: (event: unknown) => Result): (event: unknown) => Result {
  const results = new WeakMap<object, Result>()
  // Nearly always the streams of a channel ask one after the other.
  let last: { readonly event: object; readonly result: Result } | undefined
  return (event) => {
    if (last !== undefined && event === last.event) return last.result
    if (!isShared(event)) return make(event)
    const key = event as object
    const result = results.has(key) ? (results.get(key) as Result) : make(event)
    results.set(key, result)
    last = { event: key, result }
    return result
  }
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const inner of Object.values(value)) deepFreeze(inner)
  Object.freeze(value)
}
