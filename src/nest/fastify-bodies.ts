/** What is needed of a Fastify instance. */
interface FastifyApp {
  hasContentTypeParser(type: string): boolean
  addContentTypeParser(type: string, parser: BodyParser): void
}

type BodyParser = (request: FastifyRequest, payload: unknown, done: (error: Error | null) => void) => void

interface FastifyRequest {
  readonly headers: Readonly<Record<string, unknown>>
  readonly routeOptions: { readonly handler?: { readonly name: string } | undefined }
}

/**
 * Lets bodies through that Fastify has no parser for, files and streams, where they are for procedures. Everywhere else they are
 * refused as before.
 *
 * @param routes as Nest calls the handlers of routes: `ChatController.send`.
 */
export function letBodiesThrough(app: FastifyApp, routes: ReadonlySet<string>): void {
  if (app.hasContentTypeParser('*')) return
  app.addContentTypeParser('*', ({ headers, routeOptions }, _payload, done) => {
    const name = routeOptions.handler?.name.replace(/^(bound )+/, '') ?? ''
    done(routes.has(name) ? null : unsupported(headers['content-type']))
  })
}

function unsupported(type: unknown): Error {
  const error = new Error(`Unsupported Media Type: ${String(type)}`)
  return Object.assign(error, { name: 'FastifyError', code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 })
}
