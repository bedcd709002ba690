import type { ContractProcedure } from '../contract/contract-procedure.ts'

/** What a route of a controller is the implementation of. */
export interface Implemented {
  readonly contract: ContractProcedure
  /** Its place in the contract, as far as the controller tells. */
  readonly path: readonly string[]
}

/** Where it is written on the route's method. */
export const IMPLEMENTED = 'headwater:implemented'

export function implementedBy(method: unknown): Implemented | undefined {
  return typeof method === 'function'
    ? (Reflect.getMetadata(IMPLEMENTED, method) as Implemented | undefined)
    : undefined
}
