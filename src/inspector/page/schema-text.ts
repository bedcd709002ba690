import { isBinary, type JSONSchema, NATIVE_TYPE, resolveReference } from '../../openapi/json-schema.ts'

/** A schema's type in a word or two: `string`, `integer[]`, `date`. */
export function typeText(root: JSONSchema, schema: JSONSchema | boolean | undefined): string {
  if (typeof schema !== 'object') return 'any'
  if (schema[NATIVE_TYPE] !== undefined) return String(schema[NATIVE_TYPE])
  if (isBinary(schema)) return 'file'
  if (schema['$ref'] !== undefined) return String(schema['$ref']).split('/').at(-1) || 'object'
  if ('const' in schema) return JSON.stringify(schema['const'])
  if ('enum' in schema) return 'enum'
  const choices = choicesOf(schema)
  if (choices !== undefined) return [...new Set(choices.map((choice) => typeText(root, choice)))].join(' | ')
  if (schema['type'] === 'array') return `${typeText(root, schema['items'])}[]`
  if (typeof schema['format'] === 'string') return schema['format']
  return [schema['type'] ?? (schema['properties'] === undefined ? 'any' : 'object')].flat().join(' | ')
}

/** The schemas of a union. */
export function choicesOf(schema: JSONSchema): readonly JSONSchema[] | undefined {
  if (Array.isArray(schema['type'])) return schema['type'].map((type: string) => ({ ...schema, type }))
  return schema['anyOf'] ?? schema['oneOf']
}

/** The schema that is meant: what a reference names, what is left of `T | null`, and parts put together. */
export function meant(
  root: JSONSchema,
  schema: JSONSchema,
): { readonly schema: JSONSchema; readonly nullable: boolean } {
  if (schema['$ref'] !== undefined) return meant(root, resolveReference(root, schema['$ref']) ?? {})
  if (Array.isArray(schema['allOf'])) {
    const parts = schema['allOf'].map((part: JSONSchema) => meant(root, part).schema)
    const properties = Object.assign({}, ...parts.map((part: JSONSchema) => part['properties']))
    const required = parts.flatMap((part: JSONSchema) => part['required'] ?? [])
    return { schema: Object.assign({}, ...parts, { properties, required }), nullable: false }
  }
  const choices = choicesOf(schema)
  const others = choices?.filter((choice) => choice['type'] !== 'null')
  const [only] = others ?? []
  if (choices === undefined || only === undefined || others?.length === choices.length)
    return { schema, nullable: false }
  const own = others?.length === 1 ? meant(root, only).schema : { anyOf: others }
  return { schema: own, nullable: true }
}

const MAX_DEPTH = 6

/** A value as a schema asks for it, to begin with. */
export function exampleOf(root: JSONSchema, schema: JSONSchema | boolean | undefined, depth = 0): unknown {
  if (typeof schema !== 'object' || depth > MAX_DEPTH) return null
  if ('default' in schema) return schema['default']
  const [example] = (schema['examples'] as readonly unknown[] | undefined) ?? []
  if (example !== undefined) return example
  if ('const' in schema) return schema['const']
  if ('enum' in schema) return schema['enum'][0]
  const { schema: own } = meant(root, schema)
  if (own !== schema) return exampleOf(root, own, depth + 1)
  const choices = choicesOf(own)
  if (choices !== undefined) return exampleOf(root, choices[0], depth + 1)
  switch (own['type']) {
    case 'string':
      return textExample(own)
    case 'number':
    case 'integer':
      return numberExample(own)
    case 'boolean':
      return false
    case 'array':
      return (own['prefixItems'] ?? []).map((item: JSONSchema) => exampleOf(root, item, depth + 1))
    default:
      return own['properties'] === undefined ? (own['type'] === 'object' ? {} : null) : objectExample(root, own, depth)
  }
}

function objectExample(root: JSONSchema, { properties, required = [] }: JSONSchema, depth: number): unknown {
  const names = Object.keys(properties).filter((name) => required.includes(name))
  return Object.fromEntries(names.map((name) => [name, exampleOf(root, properties[name], depth + 1)]))
}

/** 0, or what is nearest to it of what is allowed. */
function numberExample({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JSONSchema): number {
  const least = exclusiveMinimum === undefined ? (minimum ?? 0) : exclusiveMinimum + 1
  const most = exclusiveMaximum === undefined ? (maximum ?? 0) : exclusiveMaximum - 1
  return least > 0 ? least : Math.min(0, most)
}

function textExample(schema: JSONSchema): string {
  if (schema[NATIVE_TYPE] === 'bigint') return '0'
  if (schema['format'] === 'date-time') return new Date().toISOString()
  if (schema['format'] === 'date') return new Date().toISOString().slice(0, 10)
  if (schema['format'] === 'uuid') return '00000000-0000-4000-8000-000000000000'
  if (schema['format'] === 'email') return 'ada@example.com'
  if (schema['format'] === 'uri') return 'https://example.com/'
  return ''
}
