import type { HandlerPlugin } from '../session/serve-request.ts'
import { TOKEN_KEY, TokenStream } from './token-stream.ts'

/**
 * Lets procedures return a `DurableEventIterator`: clients get its token, and read the events where it leads them.
 *
 * @example
 * const handler = new RPCHandler(router, { plugins: [new DurableEventIteratorHandlerPlugin()] })
 */
export class DurableEventIteratorHandlerPlugin implements HandlerPlugin {
  readonly interceptor: NonNullable<HandlerPlugin['interceptor']> = async ({ next }) => {
    const output = await next()
    return output instanceof TokenStream ? { [TOKEN_KEY]: output.token } : output
  }
}
