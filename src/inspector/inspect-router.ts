import type { ContractProcedure } from '../contract/contract-procedure.ts'
import { eventSchemas } from '../contract/event-iterator.ts'
import type { Schema } from '../core/schema.ts'
import { type JSONSchema, type SchemaConverter, type SchemaDirection, toJSONSchema } from '../openapi/json-schema.ts'
import { methodOf, pathOf } from '../openapi/route.ts'
import { isLazy, unlazy } from '../server/lazy.ts'
import type { InspectedProcedure, Inspection } from './inspector-contract.ts'

type Inspected = Pick<Inspection, 'procedures' | 'failures'>

/** What a router offers, its lazy parts loaded. One that cannot be loaded is told among the failures. */
export async function inspectRouter(router: unknown, converters: readonly SchemaConverter[]): Promise<Inspected> {
  const visit = async (node: unknown, path: readonly string[]): Promise<Inspected> => {
    if (isLazy(node)) {
      try {
        return await visit(await unlazy(node), path)
      } catch (error) {
        return { procedures: [], failures: [{ path, message: error instanceof Error ? error.message : String(error) }] }
      }
    }
    if (node === null || (typeof node !== 'object' && typeof node !== 'function')) return NOTHING
    if ('~headwater' in node)
      return { procedures: [describe(node as ContractProcedure, path, converters)], failures: [] }
    const parts = await Promise.all(Object.entries(node).map(([name, child]) => visit(child, [...path, name])))
    return {
      procedures: parts.flatMap(({ procedures }) => procedures),
      failures: parts.flatMap(({ failures }) => failures),
    }
  }
  return visit(router, [])
}

const NOTHING: Inspected = { procedures: [], failures: [] }

function describe(
  procedure: ContractProcedure,
  path: readonly string[],
  converters: readonly SchemaConverter[],
): InspectedProcedure {
  const { route, input, output, errors } = procedure['~headwater']
  const events = eventSchemas(output)
  return {
    path,
    summary: route.summary,
    description: route.description,
    tags: route.tags ?? [],
    deprecated: route.deprecated ?? false,
    route: `${methodOf(procedure)} ${pathOf(procedure, path).template || '/'}`,
    isStream: output === undefined ? undefined : events !== undefined,
    input: describeSchema(input, 'input', converters),
    output: describeSchema(events?.value ?? output, 'output', converters),
    errors: Object.entries(errors).map(([code, definition]) => ({
      code,
      status: definition?.status,
      message: definition?.message,
    })),
  }
}

/** `undefined` for what says nothing of itself, or cannot. */
function describeSchema(
  schema: Schema | undefined,
  direction: SchemaDirection,
  converters: readonly SchemaConverter[],
): JSONSchema | undefined {
  try {
    const described = toJSONSchema(schema, direction, converters)
    return Object.keys(described).length === 0 ? undefined : described
  } catch {
    return undefined
  }
}
