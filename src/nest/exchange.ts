import type { Procedure } from '../server/procedure.ts'

/** A call on its way through Nest, known by its request: what runs the procedure that a controller hands out for it. */
export interface Exchange {
  run(procedure: Procedure): Promise<unknown>
}

const exchanges = new WeakMap<object, Exchange>()

export function openExchange(request: object, exchange: Exchange): void {
  exchanges.set(request, exchange)
}

export function exchangeOf(request: unknown): Exchange | undefined {
  return typeof request === 'object' && request !== null ? exchanges.get(request) : undefined
}
