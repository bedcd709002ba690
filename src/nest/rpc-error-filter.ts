import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common'
import { BaseExceptionFilter, type ExternalContextCreator } from '@nestjs/core'
import { RPCError } from '../core/error.ts'
import { exchangeOf } from './exchange.ts'
import type { PlatformAdapter } from './platform.ts'
import { toNestException } from './rpc-exception.ts'
import { RPCExchange } from './rpc-exchange.ts'

/** Answers with an `RPCError` that a guard, a pipe or an interceptor has thrown, where no filter of the application's does. */
class RPCErrorFilter implements ExceptionFilter {
  readonly #base: BaseExceptionFilter

  constructor(adapter: PlatformAdapter) {
    this.#base = new BaseExceptionFilter(adapter as never)
  }

  catch(error: RPCError, host: ArgumentsHost): void {
    const isRoute = host.getType() === 'http' && !(exchangeOf(host.getArgByIndex(0)) instanceof RPCExchange)
    if (!isRoute) throw error
    this.#base.catch(toNestException(error), host)
  }
}

Catch(RPCError)(RPCErrorFilter)

/** What of Nest's creator of pipelines is not public. */
interface CreatorParts {
  readonly filtersContextCreator: { readonly config: { getGlobalFilters(): ExceptionFilter[] } }
}

/** Puts it behind all other filters: Nest asks the last one first. */
export function addErrorFilter(external: ExternalContextCreator, adapter: PlatformAdapter): void {
  const { config } = (external as unknown as CreatorParts).filtersContextCreator
  config.getGlobalFilters().unshift(new RPCErrorFilter(adapter))
}
