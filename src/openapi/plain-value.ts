const MAX_DEPTH = 64

export interface PlainValue {
  /** What JSON can say; files are left where they stand. */
  readonly json: unknown
  readonly hasFiles: boolean
}

/**
 * A value as plain JSON, without notes on its types: bigints, dates, URLs and regular expressions become strings, Sets and
 * Maps arrays.
 *
 * @throws {TypeError} when it is circular or nested too deeply.
 */
export function toPlainValue(value: unknown): PlainValue {
  let hasFiles = false
  const walk = (value: unknown, levels: number): unknown => {
    if (typeof value === 'bigint') return value.toString()
    if (typeof value === 'function' || typeof value === 'symbol') return undefined
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Blob) {
      hasFiles = true
      return value
    }
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
    if (value instanceof RegExp || value instanceof URL) return value.toString()
    if (levels === 0) throw new TypeError(`Cannot encode: circular, or nested more than ${MAX_DEPTH} levels deep`)
    if (value instanceof Set || value instanceof Map) return walk([...value], levels)
    if (Array.isArray(value)) return Array.from(value, (item) => walk(item, levels - 1) ?? null)
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON === 'function') return walk(toJSON.call(value), levels - 1)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, levels - 1)]))
  }
  return { json: walk(value, MAX_DEPTH), hasFiles }
}

/** A value with files as a form in bracket notation: everything else becomes text, `null` and `undefined` are left out. */
export function toForm(entries: Iterable<readonly [key: string, value: unknown]>): FormData {
  const form = new FormData()
  for (const [key, value] of entries) {
    if (value instanceof Blob) form.append(key, value)
    else form.append(key, String(value))
  }
  return form
}

/** An event's value as JSON; the empty text stands for `undefined`. */
export function formatPlainEvent(value: unknown): string {
  const { json, hasFiles } = toPlainValue(value)
  if (hasFiles) throw new TypeError('An event cannot carry a file: send its address instead')
  return JSON.stringify(json) ?? ''
}
