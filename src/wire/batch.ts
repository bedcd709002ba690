/** The request header that says that this is a batch, and how its answers are to come: `streaming` or `buffered`. */
export const BATCH_HEADER = 'x-orpc-batch'

/**
 * A note on one item of a batch. On a call: `base64`, its sender can read answers with files. On an answer: `base64`,
 * so its body is written; `alone`, the call has to be sent outside of batches.
 */
export const BATCH_NOTE = 'x-headwater-batch'

/** What a batch's URL ends with: that of its first call and this. */
export const BATCH_PATHNAME = '/__batch__'

/** How the answers of a batch come: each as soon as it is there, or all together. */
export type BatchMode = 'streaming' | 'buffered'

/** One call of a batch. */
export interface BatchCall {
  readonly url: string
  /** Default: the batch's. */
  readonly method?: string | undefined
  /** Besides the batch's. */
  readonly headers?: BatchHeaders | undefined
  /** JSON, or text. */
  readonly body?: unknown
}

/** The answer to the call at `index`. */
export interface BatchAnswer {
  readonly index: number
  /** Default: the batch's. */
  readonly status?: number | undefined
  readonly headers?: BatchHeaders | undefined
  readonly body?: unknown
}

/** Without a `content-type`, a body is JSON. */
export type BatchHeaders = Readonly<Record<string, string | readonly string[]>>

/** The headers of an item that the other side has sent; `undefined` when they cannot be ones. */
export function toItemHeaders(value: unknown): Headers | undefined {
  const headers = new Headers()
  if (value === undefined) return headers
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  try {
    for (const [name, values] of Object.entries(value)) {
      for (const value of [values].flat()) {
        if (typeof value !== 'string') return undefined
        headers.append(name, value)
      }
    }
    return headers
  } catch {
    return undefined
  }
}
