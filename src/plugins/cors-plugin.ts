import type { HandlerPlugin, IncomingInterceptor } from '../session/serve-request.ts'
import { withHeaders } from './with-headers.ts'

export interface CORSPluginOptions {
  /** Which pages may call: `'*'`, their origins, or a function that knows. Default `'*'`. */
  readonly origin?: string | readonly string[] | ((origin: string) => boolean | Promise<boolean>) | undefined
  /** Whether calls may carry cookies; then `origin` has to name who may. Default `false`. */
  readonly credentials?: boolean | undefined
  /** Default: `GET` and `POST`. */
  readonly allowMethods?: readonly string[] | undefined
  /** Besides `content-type` and `last-event-id`, which are always allowed. Default: what the page asks for. */
  readonly allowHeaders?: readonly string[] | undefined
  /** Besides `retry-after`. */
  readonly exposeHeaders?: readonly string[] | undefined
  /** How long a browser may remember what is allowed, in seconds. */
  readonly maxAge?: number | undefined
}

/**
 * Lets pages of other origins call (https://fetch.spec.whatwg.org/#http-cors-protocol).
 *
 * @throws {TypeError} when credentials are allowed to everybody, which browsers refuse.
 */
export class CORSPlugin implements HandlerPlugin {
  readonly #options: CORSPluginOptions

  constructor(options: CORSPluginOptions = {}) {
    if (options.credentials && (options.origin ?? '*') === '*') {
      throw new TypeError('CORSPlugin: with credentials, `origin` has to name who may call')
    }
    this.#options = options
  }

  readonly requestInterceptor: IncomingInterceptor = async ({ request, prefix, next }) => {
    const origin = request.header('origin')
    if (origin === undefined) return next()
    const isPreflight = request.method === 'OPTIONS' && request.header('access-control-request-method') !== undefined
    if (isPreflight && !request.url.startsWith(`${prefix}/`)) return next()
    const common = await this.#commonHeaders(origin)
    if (isPreflight) {
      const asked = request.header('access-control-request-headers')
      return { status: 204, headers: { ...common, ...this.#preflightHeaders(asked) }, body: undefined }
    }
    const response = await next()
    return response && withHeaders(response, { ...common, ...this.#exposedHeaders() })
  }

  /** What tells the browser that this origin may; without it the page gets nothing. */
  async #commonHeaders(origin: string): Promise<Record<string, string>> {
    const { origin: allowed = '*', credentials } = this.#options
    if (allowed === '*') return { 'access-control-allow-origin': '*' }
    const isAllowed = typeof allowed === 'function' ? await allowed(origin) : [allowed].flat().includes(origin)
    if (!isAllowed) return { vary: 'origin' }
    return {
      vary: 'origin',
      'access-control-allow-origin': origin,
      ...(credentials ? { 'access-control-allow-credentials': 'true' } : {}),
    }
  }

  #preflightHeaders(asked: string | undefined): Record<string, string> {
    const { allowMethods = ['GET', 'POST'], allowHeaders, maxAge } = this.#options
    const headers = allowHeaders === undefined ? asked : ['content-type', 'last-event-id', ...allowHeaders].join(', ')
    return {
      'access-control-allow-methods': allowMethods.join(', '),
      ...(headers === undefined ? {} : { 'access-control-allow-headers': headers }),
      ...(maxAge === undefined ? {} : { 'access-control-max-age': String(maxAge) }),
    }
  }

  #exposedHeaders(): Record<string, string> {
    return { 'access-control-expose-headers': ['retry-after', ...(this.#options.exposeHeaders ?? [])].join(', ') }
  }
}
