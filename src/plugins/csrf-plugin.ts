import { RPCError } from '../core/error.ts'
import { isSameHost } from '../session/allowed-origin.ts'
import type { HandlerInterceptor, HandlerPlugin } from '../session/serve-request.ts'

export interface CSRFPluginOptions {
  /** Whether pages of the same site but another origin, such as a subdomain, may call. Default `false`. */
  readonly allowSameSite?: boolean | undefined
  /** Origins that may call from other sites. */
  readonly allowOrigins?: readonly string[] | undefined
}

/**
 * Refuses calls that a browser makes for a page of another site, so that no foreign page acts with a user's cookies.
 *
 * Goes by `Sec-Fetch-Site` (https://www.w3.org/TR/fetch-metadata/), and by `Origin` where a browser does not send that.
 * Callers that are no browsers send neither and are let through.
 */
export class CSRFPlugin implements HandlerPlugin {
  readonly #allowed: ReadonlySet<string>
  readonly #allowOrigins: readonly string[]

  constructor({ allowSameSite = false, allowOrigins = [] }: CSRFPluginOptions = {}) {
    this.#allowed = new Set(['same-origin', 'none', ...(allowSameSite ? ['same-site'] : [])])
    this.#allowOrigins = allowOrigins
  }

  readonly interceptor: HandlerInterceptor = async ({ request, next }) => {
    const site = request.header('sec-fetch-site')
    const origin = request.header('origin')
    const isOwn =
      site === undefined ? origin === undefined || isSameHost(origin, request.header('host')) : this.#allowed.has(site)
    if (isOwn || (origin !== undefined && this.#allowOrigins.includes(origin))) return next()
    throw new RPCError('FORBIDDEN', { message: 'Calls from pages of other sites are not allowed' })
  }
}
