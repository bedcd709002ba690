const ids = new WeakMap<object, number>()
let lastId = 0

/** Equal text for equal values, whatever the order of their properties; what has no content to compare is itself alone. */
export function hashValue(value: unknown): string {
  return hash(value, idOf)
}

/** The same, and equal in all tabs; `undefined` where something in it has no content to compare. */
export function hashContent(value: unknown): string | undefined {
  let isComparable = true
  const text = hash(value, () => {
    isComparable = false
    return ''
  })
  return isComparable ? text : undefined
}

/** @param identify makes the text of what has no content to compare. */
function hash(value: unknown, identify: (value: object) => string): string {
  const hashEach = (values: Iterable<unknown>): string => [...values].map((member) => hash(member, identify)).join(',')
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol') return String(value)
  if (typeof value === 'function') return identify(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value)) return `[${hashEach(value)}]`
  if (value instanceof Map) return `Map(${hashEach(value)})`
  if (value instanceof Set) return `Set(${hashEach(value)})`
  if (value instanceof Date) return `Date(${value.getTime()})`
  if (value instanceof URL || value instanceof RegExp) return `${value.constructor.name}(${value})`
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return identify(value)
  // A property that is undefined is as good as none.
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  entries.sort(([one], [other]) => (one < other ? -1 : 1))
  return `{${entries.map(([name, member]) => `${JSON.stringify(name)}:${hash(member, identify)}`).join(',')}}`
}

function idOf(value: object): string {
  const id = ids.get(value) ?? ++lastId
  ids.set(value, id)
  return `#${id}`
}
