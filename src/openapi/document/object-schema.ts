import type { JSONSchema } from '../json-schema.ts'
import type { Components } from './components.ts'

/** A property, wherever in a schema's parts it is described. */
export interface ObjectProperty {
  readonly name: string
  readonly schema: JSONSchema
  readonly required: boolean
}

/** The properties of what a schema describes, its unions and intersections taken together. */
export function propertiesOf(components: Components, schema: JSONSchema): readonly ObjectProperty[] {
  const { properties = {}, required = [], allOf, anyOf, oneOf } = components.resolve(schema)
  const own = Object.entries<JSONSchema>(properties).map(([name, schema]) => ({
    name,
    schema,
    required: required.includes(name),
  }))
  const parts = (allOf ?? []).flatMap((part: JSONSchema) => propertiesOf(components, part))
  return [
    ...own,
    ...parts,
    ...mergeChoices((anyOf ?? oneOf ?? []).map((choice: JSONSchema) => propertiesOf(components, choice))),
  ]
}

function mergeChoices(choices: readonly (readonly ObjectProperty[])[]): readonly ObjectProperty[] {
  const names = new Set(choices.flat().map(({ name }) => name))
  return [...names].map((name) => {
    const found = choices.flatMap((properties) => properties.find((property) => property.name === name) ?? [])
    const required = found.length === choices.length && found.every((property) => property.required)
    return { name, required, schema: anyOfSchemas(found.map(({ schema }) => schema)) }
  })
}

/** One schema of several: equal ones once. */
export function anyOfSchemas(schemas: readonly JSONSchema[]): JSONSchema {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()]
  return distinct.length === 1 ? (distinct[0] as JSONSchema) : { anyOf: distinct }
}

/** The schema without some properties; `undefined` when nothing is left to describe. */
export function omitProperties(
  components: Components,
  schema: JSONSchema,
  names: readonly string[],
): JSONSchema | undefined {
  if (names.length === 0) return schema
  const { properties, required, ...rest } = components.resolve(schema)
  const omitted: Record<string, unknown> = { ...rest }
  for (const kind of ['allOf', 'anyOf', 'oneOf']) {
    const parts: readonly JSONSchema[] | undefined = omitted[kind] as readonly JSONSchema[] | undefined
    if (parts !== undefined) omitted[kind] = parts.flatMap((part) => omitProperties(components, part, names) ?? [])
  }
  const left = Object.entries(properties ?? {}).filter(([name]) => !names.includes(name))
  const isComposed = ['allOf', 'anyOf', 'oneOf'].some((kind) => (omitted[kind] as unknown[] | undefined)?.length)
  const isOpen = typeof rest['additionalProperties'] === 'object'
  if (left.length === 0 && !isComposed && !isOpen) return undefined
  if (left.length > 0) omitted['properties'] = Object.fromEntries(left)
  const needed = (required ?? []).filter((name: string) => !names.includes(name))
  if (needed.length > 0) omitted['required'] = needed
  return omitted
}
