export { Board } from './board.ts'
export { ChatRoom } from './chat-room.ts'
export { Free } from './free.ts'
export { LogSuite } from './log-suite.ts'

interface Env {
  readonly BOARD: DurableObjectNamespace
  readonly CHAT_ROOM: DurableObjectNamespace
  readonly FREE: DurableObjectNamespace
  readonly LOG_SUITE: DurableObjectNamespace
}

/** `ws://{host}/{path}?class=BOARD&name={object}` */
const worker = {
  fetch(request: Request, env: Env): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const namespace = env[searchParams.get('class') as keyof Env]
    return namespace.getByName(searchParams.get('name') ?? '').fetch(request)
  },
}

// biome-ignore lint/style/noDefaultExport: a worker is one.
export default worker
