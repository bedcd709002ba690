/** One block of a `text/event-stream`; fields that it does not have are absent. */
export interface SSEBlock {
  readonly event?: string | undefined
  readonly data?: string | undefined
  readonly id?: string | undefined
  readonly retry?: number | undefined
  readonly comments?: readonly string[] | undefined
}

/** How a comment begins that tells of a gap, in a block without an event; a message follows. */
export const GAP_COMMENT = 'gap '

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
  readonly #checkSize: (characters: number) => void
  /** The pieces of a line that has not ended. Joined once: a long line is not scanned again with each chunk. */
  #rest: string[] = []
  #afterCR = false
  #blockSize = 0
  #block: OpenBlock | undefined

  /** @param checkSize is told how long a block has become, without line breaks; what it throws ends the decoding. */
  constructor(checkSize: (characters: number) => void = () => {}) {
    this.#checkSize = checkSize
  }

  /**
   * The blocks that this chunk completes, behind those given. An unfinished one at the end of the stream is dropped, as
   * the standard says. When a block is refused for its size, those before it are in `blocks`.
   */
  decode(chunk: string, blocks: SSEBlock[] = []): SSEBlock[] {
    if (chunk === '') return blocks
    // A CRLF may be cut in two: the CR has ended its line already, the LF then means nothing.
    const text = this.#afterCR && chunk.startsWith('\n') ? chunk.slice(1) : chunk
    this.#afterCR = chunk.endsWith('\r')
    const pieces = text.split(/\r\n|\n|\r/)
    const rest = pieces.pop() as string
    for (const piece of pieces) {
      this.#count(piece)
      const line = this.#rest.length === 0 ? piece : this.#rest.splice(0).join('') + piece
      if (line !== '') this.#readLine(line)
      else if (this.#block !== undefined) {
        blocks.push(this.#block)
        this.#block = undefined
        this.#blockSize = 0
      }
    }
    if (rest !== '') {
      this.#count(rest)
      this.#rest.push(rest)
    }
    return blocks
  }

  #count(piece: string): void {
    this.#blockSize += piece.length
    this.#checkSize(this.#blockSize)
  }

  #readLine(line: string): void {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) as RegExpExecArray
    this.#block ??= {}
    const block = this.#block
    switch (field) {
      case '':
        block.comments ??= []
        block.comments.push(value)
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
