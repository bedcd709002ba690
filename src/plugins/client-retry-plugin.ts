import { sleep } from '../core/abort.ts'
import { backoffDelay } from '../core/backoff.ts'
import { ValidationError } from '../core/schema.ts'
import { isRetryable } from '../event/resume.ts'
import type { LinkInterceptor, LinkInterceptorOptions, LinkPlugin } from '../session/call-link.ts'

/** One failure of a call that may be tried again. */
export interface RetryAttempt extends LinkInterceptorOptions<ClientRetryPluginContext> {
  readonly error: unknown
  /** 1 before the first retry. */
  readonly attempt: number
}

/** What a call may say in its `context`. */
export interface ClientRetryPluginContext {
  /** How often the call may be tried again; `Infinity` for ever. Default 0. */
  readonly retry?: number | undefined
  /** How long to wait, in ms. Default: full jitter under a ceiling that doubles from 0.5 s to 30 s. */
  readonly retryDelay?: number | ((attempt: RetryAttempt) => number | Promise<number>) | undefined
  /** Default: no connection, 408, 425, 429 and 5xx. */
  readonly shouldRetry?: boolean | ((attempt: RetryAttempt) => boolean | Promise<boolean>) | undefined
  /** Is told before each retry; what it returns is told whether that succeeded. */
  readonly onRetry?: ((attempt: RetryAttempt) => undefined | ((isSuccess: boolean) => void)) | undefined
}

export interface ClientRetryPluginOptions {
  /** For calls that do not say otherwise. */
  readonly default?: ClientRetryPluginContext | undefined
}

/**
 * Tries calls again that have failed, where the call's context or the plugin's default says so.
 *
 * Only for calls that may run twice. Streams resume by themselves once they are open; this is about opening them.
 *
 * @example
 * await client.planet.find({ id: 1 }, { context: { retry: 3 } })
 */
export class ClientRetryPlugin implements LinkPlugin<ClientRetryPluginContext> {
  readonly #default: ClientRetryPluginContext

  constructor(options: ClientRetryPluginOptions = {}) {
    this.#default = options.default ?? {}
  }

  readonly interceptor: LinkInterceptor<ClientRetryPluginContext> = async (options) => {
    const { retry = 0, retryDelay, shouldRetry, onRetry } = { ...this.#default, ...options.context }
    let told: ((isSuccess: boolean) => void) | undefined
    for (let attempt = 1; ; attempt++) {
      try {
        const output = await options.next()
        told?.(true)
        return output
      } catch (error) {
        told?.(false)
        const state: RetryAttempt = { ...options, error, attempt }
        const mayPass = isRetryable(error) && !(error instanceof ValidationError)
        const isWorthIt = typeof shouldRetry === 'function' ? await shouldRetry(state) : (shouldRetry ?? mayPass)
        if (attempt > retry || options.signal?.aborted || !isWorthIt) throw error
        told = onRetry?.(state)
        const delay = typeof retryDelay === 'function' ? await retryDelay(state) : (retryDelay ?? backoffDelay(attempt))
        await sleep(delay, options.signal)
      }
    }
  }
}
