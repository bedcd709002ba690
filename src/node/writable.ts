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

  constructor(writable: Writable, encode: ((text: string) => Uint8Array) | undefined) {
    this.#writable = writable
    this.#encode = encode
  }

  write(text: string): void {
    this.#writable.write(this.#encode === undefined ? text : this.#encode(text))
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

/** Resolves when everything has been written, or nobody is left to write for. */
export function written(writable: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (writable.writableFinished || writable.closed) resolve()
    else writable.on('finish', resolve).on('close', resolve)
  })
}
