import { RPCError } from '../core/error.ts'

/** One block of a `text/event-stream`; fields that it does not have are absent. */
export interface SSEBlock {
  readonly event?: string | undefined
  readonly data?: string | undefined
  readonly id?: string | undefined
  readonly retry?: number | undefined
  readonly comments?: readonly string[] | undefined
}

/** A comment alone: says that the stream is alive, changes nothing. */
export const SSE_COMMENT = ': \n\n'

/** How a comment begins that tells of a gap, in a block without an event; a message follows. */
export const GAP_COMMENT = 'gap '

/** A block as text. The data must be without line breaks, as JSON is. */
export function formatSSE({ event, data, id, retry, comments }: SSEBlock): string {
  let text = ''
  if (comments !== undefined) for (const comment of comments) text += `: ${comment}\n`
  if (event !== undefined) text += `event: ${event}\n`
  if (retry !== undefined) text += `retry: ${retry}\n`
  if (id !== undefined) text += `id: ${id}\n`
  if (data !== undefined) text += `data: ${data}\n`
  return `${text}\n`
}

interface OpenBlock {
  event?: string
  data?: string
  id?: string
  retry?: number
  comments?: string[]
}

/**
 * Cuts an event stream into blocks (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 *
 * Beyond the standard it gives blocks without data too: an id alone moves the position, a comment is a sign of life.
 * Feed it text that was decoded as a stream, with the byte order mark removed, as `TextDecoder` does by default.
 */
export class SSEDecoder {
  readonly #maxBlockSize: number
  /** The pieces of a line that has not ended. Joined once: a long line is not scanned again with each chunk. */
  #rest: string[] = []
  #restSize = 0
  #afterCR = false
  #blockSize = 0
  #block: OpenBlock | undefined

  /** @param maxBlockSize in characters, without line breaks. */
  constructor(maxBlockSize: number = Number.POSITIVE_INFINITY) {
    this.#maxBlockSize = maxBlockSize
  }

  /**
   * The blocks that this chunk completes, behind those given. An unfinished one at the end of the stream is dropped, as
   * the standard says.
   *
   * @throws {RPCError} `PAYLOAD_TOO_LARGE` when a block is longer than allowed; those before it are in `blocks` by then.
   */
  decode(chunk: string, blocks: SSEBlock[] = []): SSEBlock[] {
    if (chunk === '') return blocks
    // A CRLF may be cut in two: the CR has ended its line already, the LF then means nothing.
    const text = this.#afterCR && chunk.startsWith('\n') ? chunk.slice(1) : chunk
    this.#afterCR = chunk.endsWith('\r')
    const lines = text.split(/\r\n|\n|\r/)
    const rest = lines.pop() as string
    for (const line of lines) {
      const whole = this.#restSize === 0 ? line : this.#endLine(line)
      if (whole !== '') this.#readLine(whole)
      else if (this.#block !== undefined) {
        blocks.push(this.#block)
        this.#block = undefined
        this.#blockSize = 0
      }
    }
    if (rest !== '') {
      this.#assertSize(this.#restSize + rest.length)
      this.#rest.push(rest)
      this.#restSize += rest.length
    }
    return blocks
  }

  #endLine(end: string): string {
    const line = this.#rest.join('') + end
    this.#rest = []
    this.#restSize = 0
    return line
  }

  #assertSize(more: number): void {
    if (this.#blockSize + more <= this.#maxBlockSize) return
    throw new RPCError('PAYLOAD_TOO_LARGE', { message: `An event has more than ${this.#maxBlockSize} characters` })
  }

  #readLine(line: string): void {
    this.#assertSize(line.length)
    this.#blockSize += line.length
    this.#block ??= {}
    const block = this.#block
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)
    switch (field) {
      case '':
        if (block.comments === undefined) block.comments = [value]
        else block.comments.push(value)
        break
      case 'event':
        block.event = value
        break
      case 'data':
        block.data = block.data === undefined ? value : `${block.data}\n${value}`
        break
      case 'id':
        if (!value.includes('\0')) block.id = value
        break
      case 'retry':
        if (/^\d+$/.test(value)) block.retry = Number(value)
        break
    }
  }
}
