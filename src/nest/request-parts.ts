import type { ContractProcedure } from '../contract/contract-procedure.ts'
import { isBodiless, isPlainObject, methodOf, paramNames, parsePath } from '../openapi/route.ts'

/** Where guards, pipes and param decorators look for what a client has sent. */
export interface RequestParts {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/** The input of a call as a request to its procedure's route would have brought it. */
export function toRequestParts(contract: ContractProcedure, input: unknown): RequestParts {
  const { path = '/', inputStructure } = contract['~headwater'].route
  if (!isPlainObject(input)) return { params: {}, query: {}, body: isBodiless(methodOf(contract)) ? undefined : input }
  if (inputStructure === 'detailed') {
    const { params = {}, query = {}, body } = input
    return { params, query, body }
  }
  const names = paramNames(parsePath(path))
  const entries = Object.entries(input)
  const params = Object.fromEntries(
    entries.flatMap(([name, value]) => (names.includes(name) ? [[name, String(value)] as const] : [])),
  )
  const rest = Object.fromEntries(entries.filter(([name]) => !names.includes(name)))
  return isBodiless(methodOf(contract)) ? { params, query: rest, body: undefined } : { params, query: {}, body: rest }
}
