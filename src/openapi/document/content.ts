import { containsBinary, isBinary, type JSONSchema } from '../json-schema.ts'
import type { Components } from './components.ts'
import { anyOfSchemas } from './object-schema.ts'
import type { OpenAPIContent } from './openapi-document.ts'

/** A body by its types: files as they are, what contains files as a form, all else as JSON. */
export function toContent(components: Components, schema: JSONSchema): OpenAPIContent {
  const choices: readonly JSONSchema[] = schema['anyOf'] ?? schema['oneOf'] ?? [schema]
  const files = choices.filter(isBinary)
  if (files.length === 0) return { [typeOf(components, schema)]: { schema } }
  const others = choices.filter((choice) => !isBinary(choice))
  const content = files.map(
    (file) => [file['contentMediaType'] ?? 'application/octet-stream', { schema: file }] as const,
  )
  if (others.length === 0) return Object.fromEntries(content)
  const other = anyOfSchemas(others)
  return { [typeOf(components, other)]: { schema: other }, ...Object.fromEntries(content) }
}

function typeOf(components: Components, schema: JSONSchema): string {
  return containsBinary(components.resolve(schema)) ? 'multipart/form-data' : 'application/json'
}

/** A stream as its blocks: one schema for each kind of event. */
export function toStreamContent(value: JSONSchema, done: JSONSchema): OpenAPIContent {
  const block = (event: string, data: JSONSchema): JSONSchema => ({
    type: 'object',
    properties: { event: { const: event }, data, id: { type: 'string' }, retry: { type: 'number' } },
    required: ['event', 'data'],
  })
  const schema = { oneOf: [block('message', value), block('done', done), block('error', {})] }
  return { 'text/event-stream': { schema } }
}
