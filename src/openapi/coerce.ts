import { type JSONSchema, NATIVE_TYPE, resolveReference } from './json-schema.ts'
import { isPlainObject } from './route.ts'

const MAX_BIGINT_LENGTH = 4096
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/
const ISO_DATE = /^[+-]?\d{4,6}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/

/**
 * The value that was meant, where text or plain JSON stands for what a schema asks for: `'5'` for a number, one value for an
 * array, ISO 8601 for a date. What does not look like it stays as it is, for the schema to refuse.
 */
export function coerce(root: JSONSchema, value: unknown): unknown {
  return coerceTo(root, root, value)
}

function coerceTo(root: JSONSchema, schema: JSONSchema | boolean | undefined, value: unknown): unknown {
  if (typeof schema !== 'object' || value === undefined) return value
  if (schema['$ref'] !== undefined) return coerceTo(root, resolveReference(root, schema['$ref']), value)
  let coerced: unknown = value
  for (const part of schema['allOf'] ?? []) coerced = coerceTo(root, part, coerced)
  const choices: readonly JSONSchema[] | undefined = schema['anyOf'] ?? schema['oneOf']
  if (choices !== undefined) return coerceToOneOf(root, choices, coerced)
  if ('const' in schema || 'enum' in schema) return coerceToLiteral(schema['enum'] ?? [schema['const']], coerced)
  const types: readonly string[] = [schema['type'] ?? []].flat()
  if (types.length > 1)
    return coerceToOneOf(
      root,
      types.map((type) => ({ ...schema, type })),
      coerced,
    )
  return coerceToType(root, schema, types[0], coerced)
}

/** The first choice that fits as it is, or else the first that fits when coerced. */
function coerceToOneOf(root: JSONSchema, choices: readonly JSONSchema[], value: unknown): unknown {
  if (choices.some((choice) => fits(root, choice, value))) return value
  for (const choice of choices) {
    const coerced = coerceTo(root, choice, value)
    if (fits(root, choice, coerced)) return coerced
  }
  return value
}

function coerceToLiteral(literals: readonly unknown[], value: unknown): unknown {
  if (typeof value !== 'string' || literals.includes(value)) return value
  const found = literals.find((literal) => String(literal) === value)
  return found === undefined ? value : found
}

function coerceToType(root: JSONSchema, schema: JSONSchema, type: string | undefined, value: unknown): unknown {
  switch (type) {
    case 'string':
      return typeof value === 'string' ? coerceToNative(schema[NATIVE_TYPE], value) : value
    case 'number':
    case 'integer':
      return typeof value === 'string' && NUMBER.test(value) ? Number(value) : value
    case 'boolean':
      return value === 'true' || value === 'on' ? true : value === 'false' || value === 'off' ? false : value
    case 'null':
      return value === 'null' ? null : value
    case 'array':
      return coerceToArray(root, schema, value)
    case 'object':
      return isPlainObject(value) ? coerceProperties(root, schema, value) : value
    default:
      return schema['properties'] !== undefined && isPlainObject(value) ? coerceProperties(root, schema, value) : value
  }
}

function coerceToNative(type: unknown, text: string): unknown {
  switch (type) {
    case 'date': {
      const date = ISO_DATE.test(text) ? new Date(text) : undefined
      return date === undefined || Number.isNaN(date.getTime()) ? text : date
    }
    case 'bigint':
      return /^-?\d+$/.test(text) && text.length <= MAX_BIGINT_LENGTH ? BigInt(text) : text
    case 'url':
      return URL.canParse(text) ? new URL(text) : text
    case 'regexp':
      return toRegExp(text) ?? text
    default:
      return text
  }
}

function toRegExp(text: string): RegExp | undefined {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(text) ?? []
  try {
    return source === undefined ? undefined : new RegExp(source, flags)
  } catch {
    return undefined
  }
}

/** A query says `tags=a` where there is one tag, and nothing but the schema tells that it is a list. */
function coerceToArray(root: JSONSchema, schema: JSONSchema, value: unknown): unknown {
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value instanceof Blob
  if (!Array.isArray(value) && !isScalar) return value
  const { prefixItems = [], items } = schema
  const array = [value].flat(1).map((item, index) => coerceTo(root, prefixItems[index] ?? items, item))
  if (schema[NATIVE_TYPE] === 'set') return new Set(array)
  if (schema[NATIVE_TYPE] !== 'map') return array
  return array.every((pair) => Array.isArray(pair) && pair.length === 2)
    ? new Map(array as [unknown, unknown][])
    : array
}

function coerceProperties(root: JSONSchema, schema: JSONSchema, value: Readonly<Record<string, unknown>>): unknown {
  const { properties = {}, additionalProperties } = schema
  const entries = Object.entries(value).map(([name, item]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    return [name, coerceTo(root, own, item)]
  })
  return Object.fromEntries(entries)
}

/** Whether a value has the form that a schema asks for, as far as that tells the choices of a union apart. */
function fits(root: JSONSchema, schema: JSONSchema | boolean | undefined, value: unknown): boolean {
  if (typeof schema !== 'object') return schema !== false
  if (schema['$ref'] !== undefined) return fits(root, resolveReference(root, schema['$ref']), value)
  if ('const' in schema) return value === schema['const']
  if ('enum' in schema) return (schema['enum'] as readonly unknown[]).includes(value)
  const choices: readonly JSONSchema[] | undefined = schema['anyOf'] ?? schema['oneOf']
  if (choices !== undefined) return choices.some((choice) => fits(root, choice, value))
  if (!(schema['allOf'] ?? []).every((part: JSONSchema) => fits(root, part, value))) return false
  const types: readonly string[] = [schema['type'] ?? []].flat()
  return types.length === 0
    ? !('not' in schema) || value === undefined
    : types.some((type) => fitsType(root, schema, type, value))
}

function fitsType(root: JSONSchema, schema: JSONSchema, type: string, value: unknown): boolean {
  switch (type) {
    case 'string':
      return schema[NATIVE_TYPE] === undefined
        ? typeof value === 'string' || value instanceof Blob
        : isNative(schema[NATIVE_TYPE], value)
    case 'integer':
      return Number.isInteger(value)
    case 'null':
      return value === null
    case 'array':
      if (schema[NATIVE_TYPE] !== undefined) return isNative(schema[NATIVE_TYPE], value)
      return Array.isArray(value) && value.every((item) => fits(root, schema['items'], item))
    case 'object':
      return isPlainObject(value) && fitsProperties(root, schema, value)
    default:
      return typeof value === type
  }
}

function fitsProperties(root: JSONSchema, schema: JSONSchema, value: Readonly<Record<string, unknown>>): boolean {
  const { properties = {}, required = [] } = schema
  if (!(required as readonly string[]).every((name) => Object.hasOwn(value, name))) return false
  return Object.entries(value).every(
    ([name, item]) => !Object.hasOwn(properties, name) || fits(root, properties[name], item),
  )
}

const NATIVE_CLASSES: Readonly<Record<string, abstract new (...args: never) => unknown>> = {
  date: Date,
  url: URL,
  regexp: RegExp,
  set: Set,
  map: Map,
}

function isNative(type: string, value: unknown): boolean {
  const native = NATIVE_CLASSES[type]
  return native === undefined ? typeof value === type : value instanceof native
}
