import { ExecutionContextHost } from '@nestjs/core/internal'
import { exchangeOf } from './exchange.ts'
import { RPCExchange } from './rpc-exchange.ts'

/**
 * What guards, interceptors and filters get of a call over the RPC protocol. `switchToHttp()` is as on any route;
 * `switchToWs()` gives the socket, the input and the procedure's path.
 */
export class CallExecution extends ExecutionContextHost {
  constructor(args: unknown[], constructorRef: any = null, handler: any = null) {
    super(args, constructorRef, handler)
    const exchange = exchangeOf(args[0])
    if (!(exchange instanceof RPCExchange)) return
    this.setType(exchange.type)
    // Filters get another of these; the context is made from what guards have seen.
    if (handler !== null) exchange.execution = this as never
  }

  override switchToWs(): any {
    const exchange = exchangeOf(this.getArgByIndex(0))
    if (!(exchange instanceof RPCExchange)) return super.switchToWs()
    const { origin, input, path } = exchange.call
    return Object.assign(this, {
      getClient: () => origin.socket,
      getData: () => input,
      getPattern: () => path.join('.'),
    })
  }
}
