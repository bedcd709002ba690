import type { HandlerPlugin, IncomingInterceptor } from '../session/serve-request.ts'

/** What `RequestHeadersPlugin` adds to the context. Part of a router's context, so that it also runs without the plugin. */
export interface RequestHeadersPluginContext {
  readonly reqHeaders?: Headers | undefined
}

/** Lets procedures read the request's headers, as `context.reqHeaders`. */
export class RequestHeadersPlugin implements HandlerPlugin {
  readonly requestInterceptor: IncomingInterceptor = ({ request, context, next }) =>
    next({ context: { ...context, reqHeaders: request.headers() } })
}

/** What `ResponseHeadersPlugin` adds to the context. Part of a router's context, so that it also runs without the plugin. */
export interface ResponseHeadersPluginContext {
  readonly resHeaders?: Headers | undefined
}

/**
 * Lets procedures set headers of the answer, cookies among them, through `context.resHeaders`: until a plain call has
 * been answered or a stream has been opened.
 */
export class ResponseHeadersPlugin implements HandlerPlugin {
  readonly requestInterceptor: IncomingInterceptor = async ({ context, next }) => {
    const resHeaders = new Headers()
    const response = await next({ context: { ...context, resHeaders } })
    if (response === undefined) return undefined
    const cookies = resHeaders.getSetCookie()
    const headers = { ...response.headers, ...Object.fromEntries(resHeaders) }
    return { ...response, headers: cookies.length === 0 ? headers : { ...headers, 'set-cookie': cookies } }
  }
}
