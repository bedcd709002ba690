const ids = new WeakMap<object, number>()
let lastId = 0

/** Equal text for equal values, whatever the order of their properties; what has no content to compare is itself alone. */
export function hashValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return idOf(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(hashValue).join(',')}]`
  if (value instanceof Map) return `Map${hashValue([...value])}`
  if (value instanceof Set) return `Set${hashValue([...value])}`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof URL || value instanceof RegExp) return `${value.constructor.name}(${value})`
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ? hashObject(value) : idOf(value)
}

/** A property that is undefined is as good as none. */
function hashObject(value: object): string {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  entries.sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([name, member]) => `${JSON.stringify(name)}:${hashValue(member)}`).join(',')}}`
}

function idOf(value: object): string {
  const id = ids.get(value) ?? ++lastId
  ids.set(value, id)
  return `#${id}`
}
