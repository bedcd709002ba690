import type { Context } from '../server/middleware.ts'
import type { HandlerInterceptor } from '../session/serve-request.ts'

/** The context of every call, or what makes it out of the request. What it throws is the answer. */
export type AppContext<C extends Context> = C | ((request: Request) => C | Promise<C>)

/** What a call comes with: over a WebSocket, the request that it was opened with. */
export interface Arrival {
  readonly upgrade?: { readonly url: string; readonly headers: Headers } | undefined
}

/** Gives every call its context. Over a WebSocket the request has the headers of both, those of the call first. */
export function provideContext<C extends Context>(context: AppContext<C>): HandlerInterceptor {
  return async ({ request, context: arrival, next }) => {
    if (typeof context !== 'function') return next({ context })
    const { upgrade } = arrival as Arrival
    const headers = new Headers(upgrade?.headers)
    for (const [name, value] of request.headers()) headers.set(name, value)
    const base = `http://${headers.get('host') ?? 'localhost'}`
    const url = new URL(upgrade?.url ?? request.url, base)
    return next({ context: await context(new Request(url, { method: request.method, headers })) })
  }
}
