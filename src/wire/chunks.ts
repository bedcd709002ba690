import { RPCError } from '../core/error.ts'
import { MAX_ID_LENGTH } from './peer.ts'
import { malformed } from './serializer.ts'

export type FrameData = string | Uint8Array<ArrayBuffer>

/** Longest piece of a frame, in characters or bytes: what another call has to wait for at most. */
const CHUNK_SIZE = 64 * 1024

/** First character of a frame's first chunk, of those that follow, and of the last. No frame begins so: they are JSON objects. */
const FIRST = '('
const MORE = '+'
const LAST = ')'
const SPACE_CODE = 32

/** Frames of one connection that may be under way in chunks at a time. */
export const MAX_UNFINISHED = 8

/** What a piece costs besides its length: many empty ones are not free. */
const PIECE_OVERHEAD = 64

export function needsChunks(frame: FrameData): boolean {
  return frame.length > CHUNK_SIZE
}

/** Cuts a long frame into chunks `{( + or )}{id} {piece}` (PROTOCOL.md, "Chunks"). */
export function* toChunks(id: string, frame: FrameData): Generator<FrameData, void, void> {
  for (let start = 0; start < frame.length; ) {
    const end = endOfPiece(frame, start + CHUNK_SIZE)
    const mark = start === 0 ? FIRST : end < frame.length ? MORE : LAST
    const head = `${mark}${id} `
    yield typeof frame === 'string' ? head + frame.slice(start, end) : prepend(head, frame.subarray(start, end))
    start = end
  }
}

/** A text frame must be well formed by itself: half of a surrogate pair would be lost on the way. */
function endOfPiece(frame: FrameData, end: number): number {
  if (end >= frame.length) return frame.length
  if (typeof frame !== 'string') return end
  const code = frame.charCodeAt(end - 1)
  return code >= 0xd800 && code <= 0xdbff ? end - 1 : end
}

function prepend(head: string, piece: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(head)
  const chunk = new Uint8Array(bytes.length + piece.length)
  chunk.set(bytes)
  chunk.set(piece, bytes.length)
  return chunk
}

interface Pieces {
  readonly pieces: FrameData[]
  size: number
}

/** Puts chunks together again. */
export class ChunkAssembler {
  readonly #maxSize: number
  /** Made for the first chunk: most connections never see one. */
  #unfinished: Map<string, Pieces> | undefined

  /** @param maxSize of a frame, in characters or bytes. */
  constructor(maxSize: number) {
    this.#maxSize = maxSize
  }

  /**
   * The frame that this completes, or is, if it is no chunk; `undefined` while there is more to come. What follows of a
   * frame that was forgotten is passed over: it was on its way already.
   *
   * @throws {RPCError} `PAYLOAD_TOO_LARGE` when a frame becomes too large; `BAD_REQUEST` when the chunk is malformed.
   */
  take(data: FrameData): FrameData | undefined {
    const mark = typeof data === 'string' ? data[0] : String.fromCharCode(data[0] ?? 0)
    if (mark !== FIRST && mark !== MORE && mark !== LAST) return data
    const space = typeof data === 'string' ? data.indexOf(' ') : data.indexOf(SPACE_CODE)
    if (space === -1) throw malformed('a chunk names no call')
    const id = typeof data === 'string' ? data.slice(1, space) : new TextDecoder().decode(data.subarray(1, space))
    if (mark === FIRST) this.#begin(id)
    const frame = this.#unfinished?.get(id)
    if (frame === undefined) return undefined
    this.#add(frame, typeof data === 'string' ? data.slice(space + 1) : data.subarray(space + 1))
    if (mark !== LAST) return undefined
    this.delete(id)
    return join(frame.pieces)
  }

  /** Forgets what there is of a call. */
  delete(id: string): void {
    this.#unfinished?.delete(id)
  }

  #begin(id: string): void {
    if (id.length > MAX_ID_LENGTH) throw malformed('the id of a chunk is too long')
    this.#unfinished ??= new Map()
    if (this.#unfinished.has(id)) throw malformed('a frame begins before the last one of its call has ended')
    if (this.#unfinished.size >= MAX_UNFINISHED) {
      throw malformed(`more than ${MAX_UNFINISHED} frames are under way in chunks`)
    }
    this.#unfinished.set(id, { pieces: [], size: 0 })
  }

  #add(frame: Pieces, piece: FrameData): void {
    frame.pieces.push(piece)
    frame.size += piece.length + PIECE_OVERHEAD
    if (frame.size > this.#maxSize) {
      throw new RPCError('PAYLOAD_TOO_LARGE', { message: `A frame has more than ${this.#maxSize} bytes` })
    }
  }
}

function join(pieces: readonly FrameData[]): FrameData {
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('')
  if (pieces.some((piece) => typeof piece === 'string')) throw malformed('the chunks of a frame mix text and bytes')
  return concat(pieces as Uint8Array[])
}

function concat(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let offset = 0
  for (const piece of pieces) {
    bytes.set(piece, offset)
    offset += piece.length
  }
  return bytes
}

/** What a transport's message carries as a frame; one that is neither text nor bytes cannot be one. */
export function toFrameData(data: unknown): FrameData {
  if (typeof data === 'string') return data
  if (Array.isArray(data)) return concat(data as Uint8Array[])
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  const { buffer, byteOffset, byteLength } = data as Uint8Array<ArrayBuffer>
  return new Uint8Array(buffer, byteOffset, byteLength)
}
