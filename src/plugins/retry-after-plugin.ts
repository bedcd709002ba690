import { sleep } from '../core/abort.ts'
import type { LinkPlugin } from '../session/call-link.ts'
import type { RequestInterceptor } from '../session/request-sender.ts'

export interface RetryAfterPluginOptions {
  /** How often a request is sent at most. Default 3. */
  readonly maxAttempts?: number | undefined
  /** Waits that are longer are not waited for: the answer stands. In ms, default 5 minutes. */
  readonly maxDelay?: number | undefined
}

/** Sends a request again when the server answers 429 or 503 with `Retry-After`, after the time that it says. */
export class RetryAfterPlugin implements LinkPlugin {
  readonly #maxAttempts: number
  readonly #maxDelay: number

  constructor({ maxAttempts = 3, maxDelay = 5 * 60_000 }: RetryAfterPluginOptions = {}) {
    this.#maxAttempts = maxAttempts
    this.#maxDelay = maxDelay
  }

  readonly requestInterceptor: RequestInterceptor = async ({ signal, body, next }) => {
    for (let attempt = 1; ; attempt++) {
      const response = await next()
      const delay = retryAfter(response)
      // A stream that was sent has been read: it cannot be sent again.
      const isFinal = attempt >= this.#maxAttempts || body instanceof ReadableStream
      if (delay === undefined || delay > this.#maxDelay || isFinal) return response
      await response.body?.cancel()
      await sleep(delay, signal)
    }
  }
}

/** In ms, from seconds or a date (RFC 9110, section 10.2.3). */
function retryAfter({ status, headers }: Response): number | undefined {
  const value = headers.get('retry-after')
  if (value === null || (status !== 429 && status !== 503)) return undefined
  const delay = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(delay) ? undefined : Math.max(0, delay)
}
