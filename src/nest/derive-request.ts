import type { ServerRequest } from '../session/server-request.ts'
import type { PlatformRequest } from './platform.ts'
import type { RequestParts } from './request-parts.ts'

/**
 * A request for one call of those that have come with it: what guards put on it is that call's alone. It has the call's
 * input where that of its route would be; the call may bring headers that the request does not have.
 */
export function deriveRequest(request: PlatformRequest, call: ServerRequest, parts: RequestParts): PlatformRequest {
  const headers: Record<string, unknown> = { ...Object.fromEntries(call.headers()), ...request.headers }
  const read = (name: string): unknown => headers[name.toLowerCase()]
  const known = request as unknown as Partial<Record<string, unknown>>
  const added: Record<string, unknown> = {
    headers,
    // Of the request that has opened a WebSocket the platform knows nothing.
    raw: known['raw'] ?? request,
    ...parts,
    ip: known['ip'] ?? request.socket?.remoteAddress,
    get: read,
    header: read,
  }
  const properties = Object.entries(added).map(([name, value]) => [
    name,
    { value, writable: true, configurable: true, enumerable: true },
  ])
  return Object.create(request, Object.fromEntries(properties) as PropertyDescriptorMap) as PlatformRequest
}
