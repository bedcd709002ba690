import { type CanActivate, type ExecutionContext, Inject, Optional } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import { exchangeOf } from './exchange.ts'
import { HTTPRoutes } from './http-routes.ts'

/** Lets everybody through: it is where a request first meets the route of a procedure. */
export class ImplementGuard implements CanActivate {
  readonly #routes: HTTPRoutes

  constructor(host: HttpAdapterHost, routes: HTTPRoutes | undefined) {
    this.#routes = routes ?? HTTPRoutes.of(host.httpAdapter)
  }

  canActivate(execution: ExecutionContext): boolean {
    // A call by another protocol has one already.
    if (exchangeOf(execution.getArgByIndex(0)) === undefined) this.#routes.open(execution)
    return true
  }
}

// As decorators would, which the package is built without.
Inject(HttpAdapterHost)(ImplementGuard, undefined, 0)
Inject(HTTPRoutes)(ImplementGuard, undefined, 1)
Optional()(ImplementGuard, undefined, 1)
