import type { Writable } from 'node:stream'
import { SSESink } from '../session/sse-sink.ts'

/**
 * Where a stream of events is written: it waits whenever the writable asks for it.
 *
 * @param encode makes what is written of the text. Default: its UTF-8.
 */
export function toSink(writable: Writable, encode?: (text: string) => Uint8Array): SSESink {
  return new SSESink({
    write: (text) => void writable.write(encode === undefined ? text : encode(text)),
    get buffered() {
      return writable.writableLength
    },
    get full() {
      return writable.writableNeedDrain
    },
    drained: () =>
      new Promise((resolve) => {
        const settle = (): void => {
          writable.off('drain', settle).off('close', settle)
          resolve()
        }
        if (writable.closed) resolve()
        else writable.on('drain', settle).on('close', settle)
      }),
  })
}

/** Resolves when everything has been written, or nobody is left to write for. */
export function written(writable: Writable): Promise<void> {
  return new Promise((resolve) => {
    if (writable.writableFinished || writable.closed) resolve()
    else writable.once('finish', resolve).once('close', resolve)
  })
}
