import { isPrototypeKey, malformed } from './serializer.ts'

/** Largest `[index]` that makes an array; a larger one is an object's key. */
const MAX_INDEX = 999

const MAX_DEPTH = 64

const MAX_ENTRIES = 10_000

/** Elements of arrays that nobody has sent: `a[999]=x` leaves out 999. */
const MAX_HOLES = 10_000

/** One place of the tree that the keys describe. */
interface Place {
  /** What was sent for it: several values are an array. */
  readonly values: unknown[]
  /** What was sent for `[]`, in order. */
  readonly pushed: Place[]
  readonly children: Map<string, Place>
}

/**
 * The object that entries of a query or form describe: `name[first]`, `tags[]`, `tags[0]`, or a key several times.
 *
 * @throws {RPCError} `BAD_REQUEST` when a key leads to a prototype, or the limits are passed (PROTOCOL.md).
 */
export function parseBrackets(entries: Iterable<readonly [key: string, value: unknown]>): Record<string, unknown> {
  const root = createPlace()
  let count = 0
  for (const [key, value] of entries) {
    if (++count > MAX_ENTRIES) throw malformed(`more than ${MAX_ENTRIES} fields`)
    placeAt(root, parseKey(key)).values.push(value)
  }
  return toObject(root, { holes: MAX_HOLES })
}

/** The entries that describe an object or array; values that are none of both are left as they are. */
export function formatBrackets(value: unknown): (readonly [key: string, value: unknown])[] {
  const entries: (readonly [string, unknown])[] = []
  const walk = (key: string, value: unknown): void => {
    if (value === undefined || value === null) return
    if (Array.isArray(value)) {
      const isFlat = value.every((item) => item != null && !isContainer(item))
      for (const [index, item] of value.entries()) walk(`${key}[${isFlat ? '' : index}]`, item)
    } else if (isContainer(value)) {
      for (const [name, item] of Object.entries(value)) walk(key === '' ? name : `${key}[${name}]`, item)
    } else entries.push([key, value])
  }
  walk('', value)
  return entries
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Blob)
}

function createPlace(): Place {
  return { values: [], pushed: [], children: new Map() }
}

/** `a[b][]` as `['a', 'b', '']`. A key that does not close its brackets is a name like any other. */
function parseKey(key: string): readonly string[] {
  const [, name, rest] = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(key) ?? [key, key, '']
  const segments = [name as string, ...(rest as string).slice(1, -1).split('][')]
  const path = rest === '' ? segments.slice(0, 1) : segments
  if (path.length > MAX_DEPTH) throw malformed(`a field is nested more than ${MAX_DEPTH} levels deep`)
  if (path.some(isPrototypeKey)) throw malformed('a field must not lead to a prototype')
  return path
}

function placeAt(root: Place, path: readonly string[]): Place {
  let place = root
  for (const [depth, segment] of path.entries()) {
    let child = depth > 0 && segment === '' ? undefined : place.children.get(segment)
    if (child === undefined) {
      child = createPlace()
      if (depth > 0 && segment === '') place.pushed.push(child)
      else place.children.set(segment, child)
    }
    place = child
  }
  return place
}

interface Budget {
  holes: number
}

function toValue(place: Place, budget: Budget): unknown {
  const { values, pushed, children } = place
  if (children.size === 0) {
    if (pushed.length === 0 && values.length === 1) return values[0]
    return [...values, ...pushed.map((item) => toValue(item, budget))]
  }
  const isArray = values.length === 0 && [...children.keys()].every(isIndex)
  return isArray ? toArray(place, budget) : toObject(place, budget)
}

function toArray({ pushed, children }: Place, budget: Budget): unknown[] {
  const length = Math.max(...[...children.keys()].map(Number)) + 1
  budget.holes -= length - children.size
  if (budget.holes < 0) throw malformed('too many elements of arrays are left out')
  const array = new Array<unknown>(length).fill(undefined)
  for (const [index, child] of children) array[Number(index)] = toValue(child, budget)
  return [...array, ...pushed.map((item) => toValue(item, budget))]
}

function toObject({ values, pushed, children }: Place, budget: Budget): Record<string, unknown> {
  const entries = [...children].map(([name, child]) => [name, toValue(child, budget)] as const)
  const own = [...values, ...pushed.map((item) => toValue(item, budget))]
  return Object.fromEntries(own.length === 0 ? entries : [...entries, ['', own.length === 1 ? own[0] : own]])
}

function isIndex(key: string): boolean {
  return /^(?:0|[1-9]\d{0,3})$/.test(key) && Number(key) <= MAX_INDEX
}
