import type { Writable } from 'node:stream'
import { SSESink, type TextSink } from '../session/sse-sink.ts'

/**
 * Where a stream of events is written: it waits whenever the writable asks for it.
 *
 * @param encode makes what is written of the text. Default: its UTF-8.
 */
export function toSink(writable: Writable, encode?: (text: string) => Uint8Array): SSESink {
  return new SSESink(new WritableSink(writable, encode))
}

class WritableSink implements TextSink {
  readonly #writable: Writable
  readonly #encode: ((text: string) => Uint8Array) | undefined
  /** How often it was written in this turn of the event loop. */
  #writes = 0

  constructor(writable: Writable, encode: ((text: string) => Uint8Array) | undefined) {
    this.#writable = writable
    this.#encode = encode
  }

  /** What follows in the same turn is sent together: by itself each write is a call of the system. */
  write(text: string): void {
    this.#writes++
    if (this.#writes === 1) process.nextTick(endTurn, this)
    if (this.#writes === 2) this.#writable.cork()
    this.#writable.write(this.#encode === undefined ? text : this.#encode(text))
  }

  endTurn(): void {
    if (this.#writes > 1) this.#writable.uncork()
    this.#writes = 0
  }

  get buffered(): number {
    return this.#writable.writableLength
  }

  get full(): boolean {
    return this.#writable.writableNeedDrain
  }

  drained(): Promise<void> {
    const writable = this.#writable
    return new Promise((resolve) => {
      const settle = (): void => {
        writable.off('drain', settle).off('close', settle)
        resolve()
      }
      if (writable.closed) resolve()
      else writable.on('drain', settle).on('close', settle)
    })
  }
}

/** One for all: with one of its own each stream that waits would hold a function more. */
function endTurn(sink: WritableSink): void {
  sink.endTurn()
}

/** Resolves when everything has been written, or nobody is left to write for. */
export function written(writable: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (writable.writableFinished || writable.closed) resolve()
    else writable.on('finish', resolve).on('close', resolve)
  })
}
