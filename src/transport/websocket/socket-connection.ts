import { type Connection, closeSocket } from '../../session/peer/connection.ts'
import { type FrameData, toFrameData } from '../../wire/chunks.ts'

/** What is needed of a WebSocket, be it a browser's, one of Deno, Workers or Node, or one of `ws`. */
export interface SocketLike {
  send(data: string | Uint8Array<ArrayBuffer>): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  addEventListener(type: 'open' | 'error', listener: () => void): void
  readonly bufferedAmount?: number | undefined
  readonly protocol?: string | undefined
  readonly readyState?: number | undefined
}

/** A socket whose runtime calls back: it needs no listeners. */
export type CallbackSocket = Pick<SocketLike, 'send' | 'close' | 'bufferedAmount' | 'protocol' | 'readyState'>

/** A socket of Workers, which may outlive what serves it, and keeps a small value for that. */
export interface HibernatingSocket {
  serializeAttachment(value: unknown): void
  deserializeAttachment(): unknown
}

/** What `ws` sockets have beyond the standard. */
interface NodeSocket {
  send(data: FrameData, options: { readonly binary: boolean }, onSent?: () => void): void
  ping(): void
  terminate(): void
  /** What both sides have agreed on, such as compression. Empty: nothing. */
  readonly extensions?: string | undefined
  readonly _isServer?: boolean
  readonly _socket?: { write(data: Uint8Array, onSent?: () => void): unknown } | null
  on(event: 'message', listener: (data: unknown, isBinary: boolean) => void): void
  on(event: 'ping' | 'pong' | 'close' | 'error', listener: () => void): void
}

export const CONNECTING = 0
export const OPEN = 1

/** A WebSocket as the session sees it. */
export function toConnection(socket: CallbackSocket): Connection {
  return isNodeSocket(socket) ? new NodeConnection(socket) : new SocketConnection(socket)
}

class SocketConnection<Socket extends CallbackSocket> implements Connection {
  protected readonly socket: Socket
  readonly hibernates: boolean
  onRoom: (() => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    this.hibernates = isHibernating(socket)
  }

  get buffered(): number {
    return this.socket.bufferedAmount ?? 0
  }

  send(data: FrameData): void {
    try {
      if ((this.socket.readyState ?? OPEN) === OPEN) this.write(data)
    } catch {
      // It was closed between two events; its own `close` follows.
    }
  }

  protected write(data: FrameData): void {
    this.socket.send(data)
  }

  close(code: number, reason: string): void {
    closeSocket(this.socket, code, reason)
  }
}

class NodeConnection extends SocketConnection<NodeSocket & CallbackSocket> {
  readonly #takesFrames: boolean

  constructor(socket: NodeSocket & CallbackSocket) {
    super(socket)
    this.#takesFrames = takesFrames(socket)
  }

  /** Only what has to wait is worth a callback. */
  protected override write(data: FrameData): void {
    const onSent = this.buffered > 0 ? () => this.onRoom?.() : undefined
    if (typeof data === 'string' && this.#takesFrames && last?.text === data) {
      last.frame ??= toTextFrame(data)
      this.socket._socket?.write(last.frame, onSent)
      return
    }
    if (typeof data === 'string') last = { text: data }
    this.socket.send(data, { binary: typeof data !== 'string' }, onSent)
  }

  terminate(): void {
    this.socket.terminate()
  }

  ping(): void {
    if (this.socket.readyState === OPEN) this.socket.ping()
  }
}

/** Calls `listener` when the other side has sent or answered a ping, where the socket tells. */
export function onLife(socket: SocketLike, listener: () => void): void {
  if (!isNodeSocket(socket)) return
  socket.on('ping', listener)
  socket.on('pong', listener)
}

/** Who is told of what a socket receives. */
export interface SocketListener {
  receive(data: FrameData): void
  /** The socket is closed, or has failed. */
  close(): void
  /** The other side has sent or answered a ping. */
  heard(): void
}

/** Tells the listener of everything that the socket does. */
export function listen(socket: SocketLike, listener: SocketListener): void {
  const close = (): void => listener.close()
  if (isNodeSocket(socket)) {
    // Its events of the standard cost an object for each message and a wrapper for each listener.
    socket.on('message', (data, isBinary) => listener.receive(isBinary ? toFrameData(data) : String(data)))
    onLife(socket, () => listener.heard())
    socket.on('close', close)
    // It throws what nobody listens to.
    socket.on('error', close)
  } else {
    socket.addEventListener('message', ({ data }) => listener.receive(toFrameData(data)))
    socket.addEventListener('close', close)
    socket.addEventListener('error', close)
  }
}

/** The text that was sent last and its frame: what goes to many is sent to one after the other, and encoded once. */
let last: { readonly text: string; frame?: Uint8Array } | undefined

/**
 * Whether a frame may be written to the connection below: that of a server's socket, whose frames are not masked, where
 * nothing compresses them. `ws` makes them anew for each socket and writes each in two pieces.
 */
function takesFrames({ _isServer: isServer, _socket: connection, extensions }: NodeSocket): boolean {
  return isServer === true && extensions === '' && typeof connection?.write === 'function'
}

/** A whole text message as a server sends it (RFC 6455, section 5.2). */
function toTextFrame(text: string): Uint8Array {
  const length = Buffer.byteLength(text)
  const start = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(start + length)
  frame[0] = 0x81
  if (start === 2) frame[1] = length
  else if (start === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, start)
  return frame
}

export function isHibernating(socket: object): socket is HibernatingSocket {
  return 'serializeAttachment' in socket && 'deserializeAttachment' in socket
}

function isNodeSocket(socket: object): socket is NodeSocket & CallbackSocket {
  return 'ping' in socket && 'terminate' in socket && 'on' in socket
}
