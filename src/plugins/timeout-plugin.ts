import { onAbort, unlessAborted } from '../core/abort.ts'
import { RPCError } from '../core/error.ts'
import { isEventSource } from '../event/event-iterator.ts'
import type { HandlerInterceptor, HandlerPlugin } from '../session/serve-request.ts'

export interface TimeoutPluginOptions {
  /** How long a call may take, in ms; for a stream, how long it may take to open. */
  readonly milliseconds: number
}

/** Answers `TIMEOUT`, 408, when a call takes too long, and aborts its handler's signal. */
export class TimeoutPlugin implements HandlerPlugin {
  readonly #milliseconds: number

  constructor({ milliseconds }: TimeoutPluginOptions) {
    this.#milliseconds = milliseconds
  }

  readonly interceptor: HandlerInterceptor = async ({ signal, next }) => {
    const controller = new AbortController()
    const offAbort = onAbort(signal, () => controller.abort(signal.reason))
    const timer = setTimeout(() => {
      controller.abort(new RPCError('TIMEOUT', { message: `The call took more than ${this.#milliseconds} ms` }))
    }, this.#milliseconds)
    let output: unknown
    try {
      output = await unlessAborted(next({ signal: controller.signal }), controller.signal)
      return output
    } finally {
      clearTimeout(timer)
      // A stream goes on, and its handler still has to learn when the client leaves.
      if (!isEventSource(output)) offAbort()
    }
  }
}
