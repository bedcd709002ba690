const PREFIX = 'headwater-chat:'

/** A value that was kept in this browser; the fallback when there is none of its kind. */
export function readStored<Value>(storage: Storage, key: string, fallback: Value): Value {
  try {
    const value: unknown = JSON.parse(storage.getItem(PREFIX + key) ?? 'null')
    const fits = typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback) && value !== null
    return fits ? (value as Value) : fallback
  } catch {
    return fallback
  }
}

export function writeStored(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(PREFIX + key, JSON.stringify(value))
  } catch {
    // Full or forbidden: the page then forgets, and works all the same.
  }
}
