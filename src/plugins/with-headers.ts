import type { ServerResponse } from '../session/server-request.ts'

/** The answer with more headers. What it varies by already is kept. */
export function withHeaders(response: ServerResponse, headers: Readonly<Record<string, string>>): ServerResponse {
  const merged = { ...response.headers, ...headers }
  const vary = [response.headers['vary'] ?? [], headers['vary'] ?? []].flat()
  return { ...response, headers: vary.length === 0 ? merged : { ...merged, vary: vary.join(', ') } }
}
