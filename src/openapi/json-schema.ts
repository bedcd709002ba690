import type { Schema } from '../core/schema.ts'

/** A JSON Schema of draft 2020-12. */
export type JSONSchema = { readonly [keyword: string]: any }

/** What a schema accepts, or what it gives. */
export type SchemaDirection = 'input' | 'output'

/** Describes schemas whose library does not do it through Standard JSON Schema; `undefined` leaves it to others. */
export type SchemaConverter = (schema: Schema, direction: SchemaDirection) => JSONSchema | undefined

/** Says in a schema which of the language's types the JSON stands for. */
export const NATIVE_TYPE = 'x-native-type'

export type NativeType = 'bigint' | 'date' | 'map' | 'regexp' | 'set' | 'url'

interface StandardJSONSchema {
  readonly vendor: string
  readonly jsonSchema?:
    | { readonly [Direction in SchemaDirection]: (options: object) => Record<string, unknown> }
    | undefined
}

/**
 * A schema as JSON Schema, by the library's own Standard JSON Schema (https://standardschema.dev/json-schema): zod and arktype
 * have it, valibot by `toStandardJsonSchema()`. What cannot be described is `{}`: anything.
 */
export function toJSONSchema(
  schema: Schema | undefined,
  direction: SchemaDirection,
  converters: readonly SchemaConverter[] = [],
): JSONSchema {
  if (schema === undefined) return {}
  for (const convert of converters) {
    const converted = convert(schema, direction)
    if (converted !== undefined) return withoutDialect(converted)
  }
  const { vendor, jsonSchema } = schema['~standard'] as StandardJSONSchema
  if (jsonSchema === undefined) return {}
  const libraryOptions = LIBRARY_OPTIONS[vendor]?.(direction, converters)
  return withoutDialect(jsonSchema[direction]({ target: 'draft-2020-12', libraryOptions }))
}

function withoutDialect({ $schema, ...schema }: JSONSchema): JSONSchema {
  return schema
}

type LibraryOptions = (direction: SchemaDirection, converters: readonly SchemaConverter[]) => object

/** How libraries are told of the types that JSON Schema lacks. */
const LIBRARY_OPTIONS: Readonly<Record<string, LibraryOptions>> = {
  zod: (direction, converters) => ({
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }: { zodSchema: ZodSchema; jsonSchema: Record<string, unknown> }) => {
      const { def, bag } = zodSchema._zod
      const inside = (schema: Schema | undefined): JSONSchema =>
        withoutReferences(toJSONSchema(schema, direction, converters))
      if (def.type === 'set') Object.assign(jsonSchema, describeNative('set'), { items: inside(def.valueType) })
      else if (def.type === 'map') {
        Object.assign(jsonSchema, describeNative('map', [inside(def.keyType), inside(def.valueType)]))
      } else if (def.type === 'undefined' || def.type === 'void') jsonSchema['not'] = {}
      // What comes out has no other properties, but may have some one day: clients are not told to refuse them.
      else if (def.type === 'object' && def.catchall === undefined) delete jsonSchema['additionalProperties']
      else if (def.type === 'nan') jsonSchema['type'] = 'null'
      else if (def.type === 'date' || def.type === 'bigint') Object.assign(jsonSchema, describeNative(def.type))
      else if (def.type === 'custom') Object.assign(jsonSchema, describeClass(bag?.Class))
    },
  }),
  arktype: () => ({
    fallback: ({ code, base, proto, domain }: ArkContext) => {
      if (code === 'date') return describeNative('date')
      if (code === 'domain') return domain === 'bigint' ? describeNative('bigint') : base
      return code === 'proto' ? { ...base, ...describeClass(proto) } : base
    },
  }),
  valibot: () => ({
    errorMode: 'ignore',
    overrideSchema: ({ valibotSchema: { type } }: { valibotSchema: { type: string } }) =>
      type === 'date' || type === 'bigint' || type === 'set' || type === 'map'
        ? describeNative(type)
        : type === 'file' || type === 'blob'
          ? BINARY
          : undefined,
  }),
}

interface ZodSchema {
  readonly _zod: {
    readonly def: {
      readonly type: string
      readonly keyType?: Schema
      readonly valueType?: Schema
      readonly catchall?: Schema
    }
    readonly bag?: { readonly Class?: unknown }
  }
}

interface ArkContext {
  readonly code: string
  readonly base: JSONSchema
  readonly proto?: unknown
  readonly domain?: string
}

const BINARY: JSONSchema = { type: 'string', format: 'binary', contentEncoding: 'binary' }

function describeNative(type: NativeType, [key, value]: readonly JSONSchema[] = []): JSONSchema {
  const native = { [NATIVE_TYPE]: type }
  switch (type) {
    case 'bigint':
      return { type: 'string', pattern: '^-?[0-9]+$', ...native }
    case 'date':
      return { type: 'string', format: 'date-time', ...native }
    case 'regexp':
      return { type: 'string', pattern: '^\\/(.*)\\/([a-z]*)$', ...native }
    case 'url':
      return { type: 'string', format: 'uri', ...native }
    case 'set':
      return { type: 'array', uniqueItems: true, ...native }
    case 'map': {
      const pair = { type: 'array', prefixItems: [key ?? {}, value ?? {}], minItems: 2, maxItems: 2 }
      return { type: 'array', items: pair, ...native }
    }
  }
}

function describeClass(native: unknown): JSONSchema {
  if (native === Blob || native === File) return BINARY
  if (native === Date) return describeNative('date')
  if (native === URL) return describeNative('url')
  if (native === RegExp) return describeNative('regexp')
  if (native === Set) return describeNative('set')
  if (native === Map) return describeNative('map')
  return {}
}

/** Inside another schema references would lead somewhere else. */
function withoutReferences(schema: JSONSchema): JSONSchema {
  return JSON.stringify(schema).includes('"$ref"') ? {} : schema
}

/** The schema that a local reference names. */
export function resolveReference(root: JSONSchema, reference: string): JSONSchema | undefined {
  if (!reference.startsWith('#')) return undefined
  let schema: unknown = root
  for (const part of reference.slice(1).split('/').filter(Boolean)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof schema !== 'object' || schema === null || !Object.hasOwn(schema, key)) return undefined
    schema = (schema as Record<string, unknown>)[key]
  }
  return schema as JSONSchema
}

export function isBinary(schema: JSONSchema): boolean {
  const { type, format, contentEncoding, contentMediaType } = schema
  if (type !== 'string') return false
  return (
    format === 'binary' ||
    contentEncoding === 'binary' ||
    (contentMediaType !== undefined && contentEncoding === undefined)
  )
}

/** Whether a value of a kind may fit a schema itself, not in what it contains. */
export function mayBe(root: JSONSchema, is: (schema: JSONSchema) => boolean): boolean {
  const seen = new Set<JSONSchema>()
  const visit = (schema: JSONSchema | boolean | undefined): boolean => {
    if (typeof schema !== 'object') return schema !== false
    if (seen.has(schema)) return false
    seen.add(schema)
    if (schema['$ref'] !== undefined) return visit(resolveReference(root, schema['$ref']))
    const choices: readonly JSONSchema[] | undefined = schema['anyOf'] ?? schema['oneOf']
    if (choices !== undefined) return choices.some(visit)
    if (schema['allOf'] !== undefined) return (schema['allOf'] as readonly JSONSchema[]).every(visit)
    return is(schema) || !('type' in schema || 'enum' in schema || 'const' in schema || 'not' in schema)
  }
  return visit(root)
}

/** Whether there is a file anywhere in what a schema describes. */
export function containsBinary(root: JSONSchema): boolean {
  const visit = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null) return false
    return isBinary(value) || Object.values(value).some(visit)
  }
  return visit(root)
}
