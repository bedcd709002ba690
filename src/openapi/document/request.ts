import type { ContractProcedure } from '../../contract/contract-procedure.ts'
import { eventSchemas } from '../../contract/event-iterator.ts'
import { isOptional } from '../is-optional.ts'
import type { JSONSchema } from '../json-schema.ts'
import { isBodiless, paramNames, type RoutePath } from '../route.ts'
import type { Components } from './components.ts'
import { toContent, toStreamContent } from './content.ts'
import { type ObjectProperty, omitProperties, propertiesOf } from './object-schema.ts'
import type { OpenAPIParameter, OpenAPIRequestBody } from './openapi-document.ts'

export interface OperationSource {
  readonly procedure: ContractProcedure
  readonly method: string
  readonly route: RoutePath
  /** Begins the names of schemas that have none of their own. */
  readonly name: string
}

export interface RequestDescription {
  readonly parameters: readonly OpenAPIParameter[]
  readonly body: OpenAPIRequestBody | undefined
}

/** What a procedure takes, by where in a request it stands. */
export async function describeRequest(components: Components, source: OperationSource): Promise<RequestDescription> {
  const { input, output, route } = source.procedure['~headwater']
  const resumption = eventSchemas(output) === undefined ? [] : [LAST_EVENT_ID]
  const events = eventSchemas(input)
  if (events !== undefined) {
    const describe = (schema: typeof events.done): JSONSchema =>
      components.describe(schema, 'input', `${source.name}.input`)
    const body = { required: true, content: toStreamContent(describe(events.value), describe(events.done)) }
    return { parameters: resumption, body }
  }
  const schema = components.describe(input, 'input', `${source.name}.input`)
  const isDetailed = route.inputStructure === 'detailed'
  const request = isDetailed
    ? describeDetailed(components, source, schema)
    : await describeCompact(components, source, schema)
  return { ...request, parameters: [...request.parameters, ...resumption] }
}

const LAST_EVENT_ID: OpenAPIParameter = {
  name: 'last-event-id',
  in: 'header',
  description: 'The stream begins after this event.',
  schema: { type: 'string' },
}

async function describeCompact(
  components: Components,
  { procedure, method, route }: OperationSource,
  schema: JSONSchema,
): Promise<RequestDescription> {
  const { input } = procedure['~headwater']
  const names = paramNames(route)
  const properties = propertiesOf(components, schema)
  const params = toPathParams(names, properties)
  const mayBeLeftOut = names.length === 0 && (input === undefined || (await isOptional(input)))
  if (isBodiless(method)) {
    const query = properties
      .filter(({ name }) => !names.includes(name))
      .map((property) => toParameter('query', { ...property, required: property.required && !mayBeLeftOut }))
    return { parameters: [...params, ...query], body: undefined }
  }
  const left = omitProperties(components, schema, names)
  if (left === undefined || input === undefined || isNothing(left)) return { parameters: params, body: undefined }
  const required =
    names.length === 0 ? !mayBeLeftOut : propertiesOf(components, left).some((property) => property.required)
  return { parameters: params, body: { required, content: toContent(components, left) } }
}

function describeDetailed(
  components: Components,
  { method, route }: OperationSource,
  schema: JSONSchema,
): RequestDescription {
  const parts = new Map(propertiesOf(components, schema).map((property) => [property.name, property]))
  const inside = (name: string): readonly ObjectProperty[] => propertiesOf(components, parts.get(name)?.schema ?? {})
  const parameters = [
    ...toPathParams(paramNames(route), inside('params')),
    ...inside('query').map((property) => toParameter('query', property)),
    ...inside('headers')
      .filter(({ name }) => !RESERVED_HEADERS.includes(name.toLowerCase()))
      .map((property) => toParameter('header', property)),
  ]
  const body = parts.get('body')
  if (body === undefined || isBodiless(method) || isNothing(body.schema)) return { parameters, body: undefined }
  return { parameters, body: { required: body.required, content: toContent(components, body.schema) } }
}

/** Headers that a document describes otherwise. */
const RESERVED_HEADERS: readonly string[] = ['accept', 'authorization', 'content-type']

function isNothing(schema: JSONSchema): boolean {
  return 'not' in schema && Object.keys(schema['not']).length === 0
}

function toPathParams(names: readonly string[], properties: readonly ObjectProperty[]): readonly OpenAPIParameter[] {
  return [...new Set(names)].map((name) => {
    const schema = properties.find((property) => property.name === name)?.schema
    return { name, in: 'path', required: true, schema: schema ?? { type: 'string' } }
  })
}

function toParameter(where: 'query' | 'header', { name, schema, required }: ObjectProperty): OpenAPIParameter {
  const { description, deprecated } = schema
  const isObject = where === 'query' && (schema['type'] === 'object' || schema['properties'] !== undefined)
  return {
    name,
    in: where,
    required,
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(isObject ? { style: 'deepObject', explode: true } : {}),
    schema,
  }
}
