import type { PeerOptions } from '../../session/peer/rpc-peers.ts'
import { type CallbackSocket, isHibernating } from './socket-connection.ts'

/** Where the note stands in a socket's attachment, beside what the application keeps there. */
const KEY = '~headwater'

/** What the next life of an object has to know of a socket that it did not upgrade itself. */
interface Note {
  readonly protocol: string | undefined
  readonly hasContext: boolean
}

/** Writes down how a socket was upgraded, for `readNote()` after a sleep. Attachments that are no plain object are let be. */
export function leaveNote(socket: CallbackSocket, { protocol, context, authenticate }: PeerOptions): void {
  if (!isHibernating(socket)) return
  const attachment = socket.deserializeAttachment() ?? {}
  if (!isPlain(attachment)) return
  const hasContext = authenticate !== undefined || (context !== undefined && !isEmpty(context))
  try {
    socket.serializeAttachment({ ...attachment, [KEY]: { protocol, hasContext } satisfies Note })
  } catch {
    // There is no room beside the application's own.
  }
}

/**
 * How to serve a socket that this object does not know: it slept, or never upgraded it. An attachment without a note may
 * have replaced one, so that a context is taken for lost; who never upgrades and attaches gives a context to `message()`.
 */
export function readNote(socket: CallbackSocket): PeerOptions {
  const { protocol } = socket
  const attachment = isHibernating(socket) ? (socket.deserializeAttachment() ?? undefined) : undefined
  if (attachment === undefined) return { protocol }
  const note = isPlain(attachment) ? (attachment[KEY] as Note | undefined) : undefined
  return { protocol: note?.protocol ?? protocol, contextLost: note?.hasContext ?? true }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function isEmpty(context: object): boolean {
  return isPlain(context) && Object.keys(context).length === 0
}
