import { RPCError } from '../core/error.ts'

/** A value as it crosses the wire: JSON, and the places in it that stand for something JSON lacks. */
export interface Encoded {
  readonly json: unknown
  readonly meta: readonly MetaEntry[]
  /** Files found in the value, each beside its path. */
  readonly files: readonly EncodedFile[]
}

/** What was received: anything, until it has been decoded. */
interface Message {
  readonly json?: unknown
  readonly meta?: unknown
  readonly files?: readonly EncodedFile[] | undefined
}

export interface EncodedFile {
  readonly path: Path
  readonly file: Blob
}

export type Path = ReadonlyArray<string | number>
export type MetaEntry = readonly [type: number, ...path: Path]

/** A type of your own on the wire. Both sides need it. */
export interface CustomSerializer {
  /** From 20 up; lower numbers are the protocol's. */
  readonly type: number
  condition(value: unknown): boolean
  /** Gives JSON, or anything else that can be encoded. */
  serialize(value: any): unknown
  deserialize(value: any): unknown
}

export interface SerializerOptions {
  readonly customSerializers?: readonly CustomSerializer[] | undefined
  /** Deepest nesting that is encoded and accepted. Default 64. */
  readonly maxDepth?: number | undefined
  /** The most meta entries that are accepted in one message. Default 10,000. */
  readonly maxMeta?: number | undefined
}

/** What most messages have of meta and files. */
const NOTHING: readonly never[] = []

const BIGINT = 0
const DATE = 1
const NAN = 2
const UNDEFINED = 3
const URL_TYPE = 4
const REGEXP = 5
const SET = 6
const MAP = 7
const FIRST_CUSTOM_TYPE = 20

/** Parsing takes time quadratic in the digits; nobody counts this far. */
const MAX_BIGINT_DIGITS = 4096

/**
 * Turns values into JSON plus meta and back (PROTOCOL.md, "Values").
 *
 * What is plain JSON already is passed on as it is, not copied.
 */
export class Serializer {
  readonly #custom: readonly CustomSerializer[]
  readonly #maxDepth: number
  readonly #maxMeta: number

  constructor({ customSerializers = [], maxDepth = 64, maxMeta = 10_000 }: SerializerOptions = {}) {
    const types = new Set(customSerializers.map(({ type }) => type))
    if (types.size < customSerializers.length || ![...types].every(isCustomType)) {
      const message = `Custom serializers need types of their own, integers from ${FIRST_CUSTOM_TYPE} up`
      throw new RangeError(`${message}, got ${customSerializers.map(({ type }) => type).join(', ')}`)
    }
    this.#custom = customSerializers
    this.#maxDepth = maxDepth
    this.#maxMeta = maxMeta
  }

  /** @throws {TypeError} when the value is circular or nested too deeply. */
  encode(value: unknown): Encoded {
    const encoder = new Encoder(this.#custom, this.#maxDepth)
    return { json: encoder.walk(value), meta: encoder.meta, files: encoder.files }
  }

  /** @throws {RPCError} `BAD_REQUEST` when the message does not follow the protocol or exceeds a limit. */
  decode({ json, meta = NOTHING, files = NOTHING }: Message): unknown {
    assertDepth(json, this.#maxDepth)
    if (meta === NOTHING && files === NOTHING) return json
    if (!isListOfLists(meta)) throw malformed('`meta` must be a list of lists')
    if (Math.max(meta.length, files.length) > this.#maxMeta) {
      throw malformed(`\`meta\` has more than ${this.#maxMeta} entries, or there are more files`)
    }
    const root = { value: json }
    for (const { path, file } of files) replaceAt(root, path, () => file)
    for (const [type, ...path] of meta) replaceAt(root, path, (json) => this.#revive(type, json))
    return root.value
  }

  #revive(type: unknown, json: unknown): unknown {
    const custom = this.#custom.find((custom) => custom.type === type)
    const revive = custom === undefined ? REVIVERS.get(type) : (json: unknown) => custom.deserialize(json)
    if (revive === undefined) throw malformed(`type ${JSON.stringify(type)} in \`meta\` is not known`)
    try {
      return revive(json)
    } catch (cause) {
      throw malformed(`a value marked as type ${type} does not have its form`, cause)
    }
  }
}

/** One walk through a value, from which the meta and the files fall out. */
class Encoder {
  readonly meta: MetaEntry[] = []
  readonly files: EncodedFile[] = []
  readonly #path: Array<string | number> = []
  readonly #custom: readonly CustomSerializer[]
  readonly #maxDepth: number

  constructor(custom: readonly CustomSerializer[], maxDepth: number) {
    this.#custom = custom
    this.#maxDepth = maxDepth
  }

  walk(value: unknown): unknown {
    for (const custom of this.#custom) {
      if (custom.condition(value)) return this.#mark(custom.type, this.walk(custom.serialize(value)))
    }
    switch (typeof value) {
      case 'bigint':
        return this.#mark(BIGINT, value.toString())
      case 'number':
        return Number.isNaN(value) ? this.#mark(NAN, null) : value
      case 'object':
        return value === null ? null : this.#walkInstance(value)
      case 'function':
      case 'symbol':
        return undefined
      default:
        return value
    }
  }

  /** Called behind the walk through a value's contents: the other side decodes from the inside out. */
  #mark(type: number, json: unknown): unknown {
    this.meta.push([type, ...this.#path])
    return json
  }

  #walkInstance(value: object): unknown {
    if (Array.isArray(value)) return this.#walkArray(value)
    if (isPlain(value)) return this.#walkObject(value)
    if (value instanceof Date) return this.#mark(DATE, value.toJSON() ?? 'Invalid Date')
    if (value instanceof Set) return this.#mark(SET, this.#walkArray([...value]))
    if (value instanceof Map) return this.#mark(MAP, this.#walkArray([...value]))
    if (value instanceof URL) return this.#mark(URL_TYPE, value.href)
    if (value instanceof RegExp) return this.#mark(REGEXP, value.toString())
    if (value instanceof Blob) {
      this.files.push({ path: [...this.#path], file: value })
      return {}
    }
    const { toJSON } = value as { toJSON?: unknown }
    const json: unknown = typeof toJSON === 'function' ? toJSON.call(value) : value
    return json === value ? this.#walkObject(value as Record<string, unknown>) : this.walk(json)
  }

  #walkArray(values: readonly unknown[]): readonly unknown[] {
    let copy: unknown[] | undefined
    // By index: the holes of a sparse array are elements that are undefined.
    for (let index = 0; index < values.length; index++) {
      const value = values[index]
      let json = this.#walkAt(index, value)
      if (json === undefined) {
        this.meta.push([UNDEFINED, ...this.#path, index])
        json = null
      }
      if (json === value) continue
      copy ??= [...values]
      copy[index] = json
    }
    return copy ?? values
  }

  #walkObject(object: Record<string, unknown>): Record<string, unknown> {
    let copy: Record<string, unknown> | undefined
    for (const key of Object.keys(object)) {
      const value = object[key]
      const json = this.#walkAt(key, value)
      if (json === value) continue
      copy ??= { ...object }
      // A key of the copy's own by now, so that even `__proto__` is no way to a prototype.
      copy[key] = json
    }
    return copy ?? object
  }

  #walkAt(key: string | number, value: unknown): unknown {
    if (this.#path.length === this.#maxDepth) {
      throw new TypeError(`Cannot encode: circular, or nested more than ${this.#maxDepth} levels deep`)
    }
    this.#path.push(key)
    const json = this.walk(value)
    this.#path.pop()
    return json
  }
}

/** Make values of their JSON. They throw where it is not of the type's form. */
const REVIVERS: ReadonlyMap<unknown, (json: unknown) => unknown> = new Map([
  [BIGINT, (json: unknown): unknown => toBigInt(asText(json))],
  [DATE, (json) => new Date(asText(json))],
  [NAN, () => Number.NaN],
  [UNDEFINED, () => undefined],
  [URL_TYPE, (json) => new URL(asText(json))],
  [REGEXP, (json) => toRegExp(asText(json))],
  [SET, (json) => new Set(asList(json))],
  [MAP, (json) => new Map(asList(json).map(asPair))],
])

function assertForm(holds: boolean): asserts holds {
  if (!holds) throw new TypeError('Not of this form')
}

function asText(json: unknown): string {
  assertForm(typeof json === 'string')
  return json
}

function asList(json: unknown): readonly unknown[] {
  assertForm(Array.isArray(json))
  return json
}

function asPair(json: unknown): [unknown, unknown] {
  const pair = asList(json)
  assertForm(pair.length === 2)
  return pair as [unknown, unknown]
}

function toBigInt(text: string): bigint {
  assertForm(text.length <= MAX_BIGINT_DIGITS && /^-?\d+$/.test(text))
  return BigInt(text)
}

function toRegExp(text: string): RegExp {
  const match = /^\/(.*)\/([a-z]*)$/s.exec(text)
  assertForm(match !== null)
  return new RegExp(match[1] as string, match[2])
}

/** Puts what `revive` makes of the JSON at a path in its place. */
function replaceAt(root: { value: unknown }, path: Path, revive: (json: unknown) => unknown): void {
  let parent: Record<string | number, unknown> = root
  let key: string | number = 'value'
  for (const segment of path) {
    const child = parent[key]
    if (!hasOwnKey(child, segment)) {
      throw malformed(`a path leads nowhere: ${JSON.stringify(path).slice(0, 200)}`)
    }
    parent = child
    key = segment
  }
  parent[key] = revive(parent[key])
}

/** Whether a path may go on there: only own keys of arrays and plain objects are walked. */
function hasOwnKey(value: unknown, key: unknown): value is Record<string | number, unknown> {
  if (Array.isArray(value)) return typeof key === 'number' && Object.hasOwn(value, key)
  return isPlain(value) && typeof key === 'string' && !isPrototypeKey(key) && Object.hasOwn(value, key)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Keys that lead to an object's prototype: never followed in what comes from the other side. */
export function isPrototypeKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

function isCustomType(type: number): boolean {
  return Number.isSafeInteger(type) && type >= FIRST_CUSTOM_TYPE
}

export function isListOfLists(value: unknown): value is readonly any[][] {
  return Array.isArray(value) && value.every(Array.isArray)
}

/** @throws {RPCError} `BAD_REQUEST` when something that was parsed is nested more deeply. */
export function assertDepth(value: unknown, levels: number): void {
  if (levels < 0) throw malformed('the value is nested too deeply')
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) for (const item of value) assertDepth(item, levels - 1)
  else for (const key in value) assertDepth((value as Record<string, unknown>)[key], levels - 1)
}

/** A message that does not follow the protocol. */
export function malformed(what: string, cause?: unknown): RPCError {
  return new RPCError('BAD_REQUEST', { message: `Malformed message: ${what}`, cause })
}
