import { addContext } from '../../server/call.ts'
import type { Context, Middleware } from '../../server/middleware.ts'
import type {
  HandlerInterceptor,
  HandlerInterceptorOptions,
  HandlerPlugin,
  IncomingInterceptor,
} from '../../session/serve-request.ts'
import { withHeaders } from '../with-headers.ts'
import { countCall, holdSlot, type LimitedCall } from './limit-call.ts'
import type { RateLimiter, RateLimitResult } from './rate-limiter.ts'

type PromiseOr<Value> = Value | Promise<Value>

export interface RateLimitOptions<Args extends readonly unknown[]> {
  /** What counts, or a function that chooses: paying users may have another limit. */
  readonly limiter: RateLimiter | ((...args: Args) => PromiseOr<RateLimiter>)
  /** For whom a call counts: a user, an address, a tenant. Calls without one are not limited. */
  readonly key: (...args: Args) => PromiseOr<string | undefined>
  /** A call that is one too many waits up to this long, in ms, if it can be let in by then. Default 0. */
  readonly maxWait?: number | undefined
}

/** What of a call its middleware is told. */
export interface RateLimitedCall<CurrentContext extends Context> {
  readonly context: CurrentContext
  readonly path: readonly string[]
  readonly signal: AbortSignal
}

/** Where a request keeps what its limits have said. */
const REPORT: unique symbol = Symbol('headwater.rateLimit')

interface ReportContext {
  readonly [REPORT]?: (result: RateLimitResult) => void
}

/**
 * Limits how often a procedure is called, and how many of its streams are open, by a key from the context and the input.
 *
 * What is too much is refused with `TOO_MANY_REQUESTS` and `{ limit, remaining, reset }` as data. With a
 * `RateLimitPlugin` in the handler the answers carry headers, too.
 *
 * @example
 * os.$context<{ user: string }>().use(rateLimit({ limiter, key: ({ context }) => context.user }))
 */
export function rateLimit<CurrentContext extends Context, Input>(
  options: RateLimitOptions<[call: RateLimitedCall<CurrentContext>, input: Input]>,
): Middleware<CurrentContext, Record<never, never>, Input, any> {
  return async (call, input) => {
    const limited = await limitedCall(options, call, [call, input])
    if (limited === undefined) return call.next()
    await countCall(limited)
    const result = await call.next()
    return { ...result, output: await holdSlot(limited, result.output) }
  }
}

/**
 * Limits how often a handler's procedures are called, and how many of their streams are open, by a key from the request.
 *
 * Answers say what is left in `ratelimit-limit`, `ratelimit-remaining` and `ratelimit-reset`, refusals also when to come
 * again in `retry-after`, all in seconds. Without options it only does so for the limits of `rateLimit()`.
 *
 * @example
 * new RateLimitPlugin({ limiter, key: ({ request }) => request.header('x-api-key') })
 */
export class RateLimitPlugin implements HandlerPlugin {
  readonly interceptor?: HandlerInterceptor

  constructor(options?: RateLimitOptions<[call: HandlerInterceptorOptions]>) {
    if (options === undefined) return
    this.interceptor = async (call) => {
      const limited = await limitedCall(options, call, [call])
      if (limited === undefined) return call.next()
      await countCall(limited)
      return holdSlot(limited, await call.next())
    }
  }

  readonly requestInterceptor: IncomingInterceptor = async ({ context, next }) => {
    let tightest: RateLimitResult | undefined
    const report = (result: RateLimitResult): void => {
      if (tightest === undefined || !result.success || result.remaining < tightest.remaining) tightest = result
    }
    const response = await next({ context: addContext(context, { [REPORT]: report }) })
    return response && tightest ? withHeaders(response, toHeaders(tightest)) : response
  }
}

async function limitedCall<Args extends readonly unknown[]>(
  { limiter, key, maxWait = 0 }: RateLimitOptions<Args>,
  { context, signal }: { readonly context: Context; readonly signal: AbortSignal },
  args: Args,
): Promise<LimitedCall | undefined> {
  const name = await key(...args)
  if (name === undefined) return undefined
  const chosen = typeof limiter === 'function' ? await limiter(...args) : limiter
  const report = (context as ReportContext)[REPORT] ?? (() => {})
  return { limiter: chosen, key: name, signal, maxWait, report }
}

function toHeaders({ success, limit, remaining, reset }: RateLimitResult): Record<string, string> {
  const seconds = String(Math.max(0, Math.ceil((reset - Date.now()) / 1000)))
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': seconds,
    ...(success ? {} : { 'retry-after': seconds }),
  }
}
