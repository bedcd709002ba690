import { z } from 'zod'

/** What the page uses of `@cloudflare/workers-types`. */
export type WebSocket = WorkersSocket

export declare class Response extends globalThis.Response {
  constructor(body: null, init: ResponseInit & { readonly webSocket: WebSocket })
}

export interface Env {
  readonly SIGNING_KEY: string
}

export const Message = z.object({ id: z.string(), text: z.string() })
export type Message = z.infer<typeof Message>

export declare function messagesAfter(id: string | undefined): readonly Message[]
