import type { BunWebSocketHandler } from 'headwater/server/bun-ws'

interface BunServeOptions<Data> {
  readonly port: number
  readonly websocket: Pick<BunWebSocketHandler<Data>, 'open'>
  readonly fetch: (
    request: Request,
    server: { upgrade(request: Request, options: { readonly data: Data }): boolean },
  ) => Response | undefined
}

export declare const Bun: { serve<Data>(options: BunServeOptions<Data>): void }

export declare const Deno: {
  serve(options: { readonly port: number }, handler: (request: Request) => Response): void
  upgradeWebSocket(request: Request, options: { readonly protocol: string }): { socket: WebSocket; response: Response }
}

export declare const worker: Worker
export declare const frame: HTMLIFrameElement
export declare const user: string

export declare function userOf(request: unknown): string
