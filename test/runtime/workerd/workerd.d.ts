/** What the tests use of the runtime of Workers. */
declare module 'cloudflare:workers' {
  export class DurableObject {
    readonly ctx: DurableObjectState
    constructor(ctx: DurableObjectState, env: unknown)
  }
}

interface DurableObjectState {
  acceptWebSocket(socket: WorkersSocket): void
  getWebSockets(): WorkersSocket[]
  setWebSocketAutoResponse(pair: WebSocketRequestResponsePair): void
  abort(reason: string): void
  readonly storage: DurableObjectStorage
}

interface DurableObjectStorage {
  readonly sql: { exec(query: string, ...bindings: unknown[]): { toArray(): Record<string, any>[] } }
  transactionSync<Result>(work: () => Result): Result
  getAlarm(): Promise<number | null>
  setAlarm(time: number): Promise<void>
  deleteAll(): Promise<void>
}

interface WorkersSocket extends WebSocket {
  serializeAttachment(value: unknown): void
  deserializeAttachment(): any
}

interface DurableObjectNamespace {
  getByName(name: string): { fetch(request: Request): Promise<Response> }
}

declare class WebSocketRequestResponsePair {
  constructor(request: string, response: string)
}

declare class WebSocketPair {
  readonly 0: WorkersSocket
  readonly 1: WorkersSocket
}
