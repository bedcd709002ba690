import { eventSchemas } from '../../contract/event-iterator.ts'
import { RPCError } from '../../core/error.ts'
import type { JSONSchema } from '../json-schema.ts'
import type { Components } from './components.ts'
import { toContent, toStreamContent } from './content.ts'
import { anyOfSchemas, propertiesOf } from './object-schema.ts'
import type { OpenAPIResponse } from './openapi-document.ts'
import type { OperationSource } from './request.ts'

/** What a procedure answers: its output, the errors that its contract declares, and those of all others. */
export function describeResponses(components: Components, source: OperationSource): Record<string, OpenAPIResponse> {
  components.schemas['RPCError'] ??= UNDECLARED
  return {
    ...describeSuccess(components, source),
    ...describeErrors(components, source),
    default: toError(UNDECLARED_ERROR),
  }
}

function describeSuccess(
  components: Components,
  { procedure, name }: OperationSource,
): Record<string, OpenAPIResponse> {
  const { output, route } = procedure['~headwater']
  const { successStatus = 200, successDescription: description = 'OK' } = route
  const events = eventSchemas(output)
  if (events !== undefined) {
    const describe = (schema: typeof events.done): JSONSchema => components.describe(schema, 'output', `${name}.output`)
    return { 200: { description, content: toStreamContent(describe(events.value), describe(events.done)) } }
  }
  const schema = components.describe(output, 'output', `${name}.output`)
  if (route.outputStructure === 'detailed') return describeDetailed(components, schema, successStatus, description)
  const isEmpty = output === undefined ? successStatus === 204 : 'not' in schema
  return { [successStatus]: { description, ...(isEmpty ? {} : { content: toContent(components, schema) }) } }
}

/** Each choice of a union may have a status of its own. */
function describeDetailed(
  components: Components,
  schema: JSONSchema,
  successStatus: number,
  description: string,
): Record<string, OpenAPIResponse> {
  const { anyOf, oneOf } = components.resolve(schema)
  const responses: Record<string, OpenAPIResponse> = {}
  for (const choice of (anyOf ?? oneOf ?? [schema]) as readonly JSONSchema[]) {
    const parts = new Map(propertiesOf(components, choice).map((property) => [property.name, property.schema]))
    const status = parts.get('status')
    const headers = propertiesOf(components, parts.get('headers') ?? {})
    const body = parts.get('body')
    const key = String(status?.['const'] ?? successStatus)
    const before = responses[key]?.content?.['application/json']?.schema
    const both = before !== undefined && body !== undefined ? anyOfSchemas([before, body]) : (body ?? before)
    responses[key] = {
      description: status?.['description'] ?? description,
      ...(headers.length === 0
        ? {}
        : { headers: Object.fromEntries(headers.map(({ name, schema, required }) => [name, { required, schema }])) }),
      ...(both === undefined || 'not' in both ? {} : { content: toContent(components, both) }),
    }
  }
  return responses
}

function describeErrors(components: Components, { procedure, name }: OperationSource): Record<string, OpenAPIResponse> {
  const groups = new Map<number, JSONSchema[]>()
  for (const [code, definition] of Object.entries(procedure['~headwater'].errors)) {
    const { status, message } = new RPCError(code, { status: definition?.status, message: definition?.message })
    const data = definition?.data && components.describe(definition.data, 'output', `${name}.${code}`)
    const schema = describeError({ code, status, message, data })
    groups.set(status, [...(groups.get(status) ?? []), schema])
  }
  return Object.fromEntries(
    // A code that is not declared may have the same status.
    [...groups].map(([status, schemas]) => [status, toError({ oneOf: [...schemas, UNDECLARED_ERROR] }, status)]),
  )
}

interface DescribedError {
  readonly code: string
  readonly status: number
  readonly message: string
  readonly data: JSONSchema | undefined
}

function describeError({ code, status, message, data }: DescribedError): JSONSchema {
  return {
    type: 'object',
    properties: {
      defined: { const: true },
      code: { const: code },
      status: { const: status },
      message: { type: 'string', default: message },
      ...(data === undefined ? {} : { data }),
    },
    required: ['defined', 'code', 'status', 'message', ...(data === undefined ? [] : ['data'])],
  }
}

const UNDECLARED: JSONSchema = {
  type: 'object',
  properties: {
    defined: { const: false },
    code: { type: 'string' },
    status: { type: 'integer' },
    message: { type: 'string' },
    data: {},
  },
  required: ['defined', 'code', 'status', 'message'],
}

const UNDECLARED_ERROR: JSONSchema = { $ref: '#/components/schemas/RPCError' }

function toError(schema: JSONSchema, status?: number): OpenAPIResponse {
  return {
    description: status === undefined ? 'Error' : `Error ${status}`,
    content: { 'application/json': { schema } },
  }
}
