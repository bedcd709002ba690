import { RPCError } from '../core/error.ts'

/** A value as it crosses the wire: JSON, and the places in it that stand for something JSON lacks. */
export interface Encoded {
  readonly json: unknown
  readonly meta: readonly MetaEntry[]
  /** Files found in the value, each beside its path. */
  readonly files: readonly EncodedFile[]
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
    for (const { type } of customSerializers) {
      if (!Number.isSafeInteger(type) || type < FIRST_CUSTOM_TYPE) {
        throw new RangeError(`A custom serializer's type must be an integer from ${FIRST_CUSTOM_TYPE} up, got ${type}`)
      }
    }
    if (new Set(customSerializers.map(({ type }) => type)).size < customSerializers.length) {
      throw new RangeError('Two custom serializers have the same type')
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
  decode({ json, meta, files }: { json: unknown; meta?: unknown; files?: readonly EncodedFile[] }): unknown {
    assertDepth(json, this.#maxDepth)
    if (meta === undefined && files === undefined) return json
    const root = { value: json }
    if (files !== undefined && files.length > this.#maxMeta)
      throw malformed(`there are more than ${this.#maxMeta} files`)
    for (const { path, file } of files ?? []) replaceAt(root, path, () => file)
    for (const [type, ...path] of this.#metaEntries(meta)) {
      replaceAt(root, path, (value) => this.#revive(type, value))
    }
    return root.value
  }

  #metaEntries(meta: unknown): readonly MetaEntry[] {
    if (meta === undefined) return []
    if (!Array.isArray(meta)) throw malformed('`meta` must be a list')
    if (meta.length > this.#maxMeta) throw malformed(`\`meta\` has more than ${this.#maxMeta} entries`)
    for (const entry of meta) if (!Array.isArray(entry)) throw malformed('every entry of `meta` must be a list')
    return meta
  }

  #revive(type: number, value: unknown): unknown {
    switch (type) {
      case BIGINT:
        if (typeof value === 'string' && value.length <= MAX_BIGINT_DIGITS && /^-?\d+$/.test(value))
          return BigInt(value)
        break
      case DATE:
        if (typeof value === 'string') return new Date(value)
        break
      case NAN:
        return Number.NaN
      case UNDEFINED:
        return undefined
      case URL_TYPE:
        if (typeof value === 'string' && URL.canParse(value)) return new URL(value)
        break
      case REGEXP:
        if (typeof value === 'string') return reviveRegExp(value)
        break
      case SET:
        if (Array.isArray(value)) return new Set(value)
        break
      case MAP:
        if (Array.isArray(value) && value.every(isPair)) return new Map(value)
        break
      default: {
        const custom = this.#custom.find((custom) => custom.type === type)
        if (custom === undefined) throw malformed(`type ${JSON.stringify(type)} in \`meta\` is not known`)
        return reviveCustom(custom, value)
      }
    }
    throw malformed(`a value marked as type ${type} does not have its form`)
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
    if (value instanceof Date)
      return this.#mark(DATE, Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString())
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
      setOwn(copy, key, json)
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

function reviveRegExp(text: string): RegExp {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(text) ?? []
  if (source === undefined) throw malformed('a regular expression needs the form /source/flags')
  try {
    return new RegExp(source, flags)
  } catch (cause) {
    throw malformed('a regular expression does not parse', cause)
  }
}

function reviveCustom(custom: CustomSerializer, value: unknown): unknown {
  try {
    return custom.deserialize(value)
  } catch (cause) {
    throw malformed(`a value marked as type ${custom.type} does not have its form`, cause)
  }
}

function isPair(value: unknown): value is [unknown, unknown] {
  return Array.isArray(value) && value.length === 2
}

/** Puts what `revive` makes of the value at a path in its place. Only own keys of arrays and plain objects are walked. */
function replaceAt(root: { value: unknown }, path: Path, revive: (value: unknown) => unknown): void {
  let parent: Record<string | number, unknown> = root
  let key: string | number = 'value'
  for (const segment of path) {
    const child = parent[key]
    if (!isContainer(child) || !isOwnKey(child, segment)) {
      throw malformed(`a path leads nowhere: ${JSON.stringify(path).slice(0, 200)}`)
    }
    parent = child
    key = segment
  }
  setOwn(parent, key, revive(parent[key]))
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  if (typeof value !== 'object' || value === null) return false
  return Array.isArray(value) || isPlain(value)
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function isOwnKey(container: object, key: unknown): key is string | number {
  if (typeof key === 'number')
    return Array.isArray(container) && key >= 0 && key < container.length && Number.isInteger(key)
  if (typeof key !== 'string' || Array.isArray(container)) return false
  return !isPrototypeKey(key) && Object.hasOwn(container, key)
}

/** Keys that lead to an object's prototype: never followed in what comes from the other side. */
export function isPrototypeKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype'
}

/** Plain assignment to `__proto__` would change the prototype instead of the property. */
function setOwn(target: Record<string | number, unknown>, key: string | number, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
  } else target[key] = value
}

/** @throws {RPCError} `BAD_REQUEST` when something that was parsed is nested more deeply. */
export function assertDepth(value: unknown, levels: number): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) for (const item of value) assertItemDepth(item, levels)
  else for (const key in value) assertItemDepth((value as Record<string, unknown>)[key], levels)
}

function assertItemDepth(item: unknown, levels: number): void {
  if (levels === 0) throw malformed('the value is nested too deeply')
  assertDepth(item, levels - 1)
}

/** A message that does not follow the protocol. */
export function malformed(what: string, cause?: unknown): RPCError {
  return new RPCError('BAD_REQUEST', { message: `Malformed message: ${what}`, cause })
}
