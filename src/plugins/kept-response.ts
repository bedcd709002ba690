/** Statuses whose responses have no body, not even an empty one. */
const BODILESS: readonly number[] = [204, 205, 304]

/** A response that was received otherwise than by itself. @throws {RangeError} when the status is none. */
export function toResponse(body: BodyInit, status: number, headers: Headers): Response {
  return new Response(BODILESS.includes(status) ? null : body, { status, headers })
}

/** Reads the whole answer; what comes back gives each who asks a response of its own. */
export async function keepResponse(response: Response): Promise<() => Response> {
  const { status, headers } = response
  const bytes = await response.arrayBuffer()
  return () => toResponse(bytes, status, headers)
}
