/** A request for a connection, as `node:http`, Bun, Deno and Workers have it. */
export interface UpgradeRequest {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
}

/**
 * Whether the page that asks for a connection may have it: one of this host, or of an origin that you name. Browsers let
 * every page of the world open WebSockets, with the user's cookies. Callers that are no browsers send no origin and are
 * let through.
 *
 * @example
 * server.on('upgrade', (request, socket, head) => {
 *   if (!isAllowedOrigin(request, ['https://app.example.com'])) return socket.destroy()
 *   wss.handleUpgrade(request, socket, head, (ws) => handler.upgrade(ws))
 * })
 */
export function isAllowedOrigin({ headers }: UpgradeRequest, allowOrigins: readonly string[] = []): boolean {
  const read = (name: string): string | undefined =>
    headers instanceof Headers ? (headers.get(name) ?? undefined) : [headers[name]].flat()[0]
  const origin = read('origin')
  return origin === undefined || isSameHost(origin, read('host')) || allowOrigins.includes(origin)
}

/** Whether a page of this origin is served by this host. */
export function isSameHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && new URL(origin).host === host
}
