import type { ContractProcedure, ContractRouter } from '../../contract/contract-procedure.ts'
import type { Schema } from '../../core/schema.ts'
import { isLazy, unlazy } from '../../server/lazy.ts'
import type { Router } from '../../server/router.ts'
import type { SchemaConverter } from '../json-schema.ts'
import { methodOf, pathOf } from '../route.ts'
import { Components } from './components.ts'
import type { OpenAPIDocument, OpenAPIInfo, OpenAPIOperation } from './openapi-document.ts'
import { describeRequest, type OperationSource } from './request.ts'
import { describeResponses } from './responses.ts'

export interface OpenAPIGeneratorOptions {
  /** Describe schemas that do not describe themselves. */
  readonly schemaConverters?: readonly SchemaConverter[] | undefined
}

/** What a document says besides its procedures; `servers`, `security`, `tags`, `externalDocs` stand in it as they are. */
export interface GenerateOptions {
  readonly info: OpenAPIInfo
  /** Which procedures it describes. Default: all. */
  readonly filter?:
    | ((options: { readonly procedure: ContractProcedure; readonly path: readonly string[] }) => boolean)
    | undefined
  /** Schemas that get a name: where they stand, references stand instead. */
  readonly commonSchemas?: Readonly<Record<string, Schema>> | undefined
  /** `securitySchemes` and whatever else is referred to. */
  readonly components?: { readonly [kind: string]: unknown } | undefined
  readonly [field: string]: unknown
}

/**
 * Describes a contract or a router as an OpenAPI 3.1 document, by what its schemas say of themselves (Standard JSON Schema).
 *
 * @example
 * const document = await new OpenAPIGenerator().generate(router, { info: { title: 'Planets', version: '1.0.0' } })
 */
export class OpenAPIGenerator {
  readonly #converters: readonly SchemaConverter[]

  constructor({ schemaConverters = [] }: OpenAPIGeneratorOptions = {}) {
    this.#converters = schemaConverters
  }

  /** @throws {TypeError} when two procedures stand at one method and path. Rejects when a lazy part cannot be loaded. */
  async generate(router: Router | ContractRouter, options: GenerateOptions): Promise<OpenAPIDocument> {
    const { info, filter = () => true, commonSchemas = {}, components: own = {}, ...fields } = options
    const components = new Components(this.#converters, commonSchemas)
    const paths: Record<string, Record<string, OpenAPIOperation>> = {}
    const taken = new Map<OpenAPIOperation, ContractProcedure>()
    for (const { procedure, path } of await collect(router, [])) {
      if (!filter({ procedure, path })) continue
      const route = pathOf(procedure, path)
      const method = methodOf(procedure)
      paths[route.template] ??= {}
      const operations = paths[route.template] as Record<string, OpenAPIOperation>
      const key = method.toLowerCase()
      const other = operations[key] && taken.get(operations[key])
      if (other === procedure) continue
      if (other !== undefined)
        throw new TypeError(`Two procedures stand at ${method} ${route.template}, one is ${path.join('.')}`)
      const operation = await describe(components, { procedure, method, route, name: path.join('.') || 'procedure' })
      operations[key] = operation
      taken.set(operation, procedure)
    }
    const schemas = { ...components.schemas, ...(own['schemas'] as object | undefined) }
    return { openapi: '3.1.1', info, ...fields, paths, components: { ...own, schemas } }
  }
}

async function describe(components: Components, source: OperationSource): Promise<OpenAPIOperation> {
  const { route } = source.procedure['~headwater']
  const { spec, summary, description, deprecated, tags } = route
  if (typeof spec === 'object') return spec as OpenAPIOperation
  const { parameters, body } = await describeRequest(components, source)
  const operation: OpenAPIOperation = {
    operationId: route.operationId ?? source.name,
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(tags === undefined ? {} : { tags }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: describeResponses(components, source),
  }
  return spec === undefined ? operation : (spec(operation) as OpenAPIOperation)
}

interface Found {
  readonly procedure: ContractProcedure
  readonly path: readonly string[]
}

async function collect(node: unknown, path: readonly string[]): Promise<Found[]> {
  if (isLazy(node)) return collect(await unlazy(node), path)
  if (node === null || (typeof node !== 'object' && typeof node !== 'function')) return []
  if ('~headwater' in node) return [{ procedure: node as ContractProcedure, path }]
  const found = await Promise.all(Object.entries(node).map(([name, child]) => collect(child, [...path, name])))
  return found.flat()
}
