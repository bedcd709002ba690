import type { Connection } from '../../session/peer/connection.ts'
import { type FrameData, toFrameData } from '../../wire/chunks.ts'
import {
  type CallbackSocket,
  isNodeSocket,
  NodeConnection,
  type NodeSocket,
  onLife,
  type SocketLike,
  toConnection,
} from './socket-connection.ts'

/** A server's socket as the session sees it: what goes to many sockets of `ws` is framed once. */
export function toServerConnection(socket: CallbackSocket): Connection {
  return isNodeSocket(socket) && takesFrames(socket) ? new FramedConnection(socket) : toConnection(socket)
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

/** What a socket of `ws` is on a server, below. */
interface ServerSocket extends NodeSocket {
  /** What both sides have agreed on, such as compression. Empty: nothing. */
  readonly extensions?: string | undefined
  readonly _isServer?: boolean
  readonly _socket?: { write(data: Uint8Array, onSent?: () => void): unknown } | null
}

/** The text that was framed last: what goes to many is sent to one after the other, and framed once. */
let last: { readonly text: string; readonly frame: Uint8Array } | undefined

/**
 * Whether a frame may be written to the connection below: that of a server's socket, whose frames are not masked, where
 * nothing compresses them. `ws` makes them anew for each socket and writes each in two pieces.
 */
function takesFrames({ _isServer: isServer, _socket: connection, extensions }: ServerSocket): boolean {
  return isServer === true && extensions === '' && typeof connection?.write === 'function'
}

class FramedConnection extends NodeConnection {
  protected override write(data: FrameData): void {
    if (typeof data !== 'string') super.write(data)
    else (this.socket as ServerSocket)._socket?.write(frameOf(data), this.onSent())
  }
}

function frameOf(text: string): Uint8Array {
  if (last?.text !== text) last = { text, frame: toTextFrame(text) }
  return last.frame
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
