import type { HandlerPlugin, IncomingInterceptor } from '../session/serve-request.ts'
import { withHeaders } from './with-headers.ts'

export interface CompressionPluginOptions {
  /** Answers with fewer bytes stay as they are. Default 1,024. */
  readonly threshold?: number | undefined
}

const ENCODINGS = ['gzip', 'deflate'] as const

/**
 * Compresses answers for clients that accept it. Streams never: a compressor would hold their events back.
 *
 * Leave it out behind a proxy that compresses.
 */
export class CompressionPlugin implements HandlerPlugin {
  readonly #threshold: number

  constructor({ threshold = 1024 }: CompressionPluginOptions = {}) {
    this.#threshold = threshold
  }

  readonly requestInterceptor: IncomingInterceptor = async ({ request, next }) => {
    const response = await next()
    if (typeof response?.body !== 'string' || response.body.length < this.#threshold) return response
    const varying = withHeaders(response, { vary: 'accept-encoding' })
    const encoding = ENCODINGS.find((encoding) => accepts(request.header('accept-encoding'), encoding))
    if (encoding === undefined) return varying
    const compressed = new Blob([response.body]).stream().pipeThrough(new CompressionStream(encoding))
    const body = new Uint8Array(await new Response(compressed).arrayBuffer())
    return { ...withHeaders(varying, { 'content-encoding': encoding }), body }
  }
}

/** Whether an `Accept-Encoding` header takes an encoding: named or `*`, and not with a weight of zero. */
function accepts(header: string | undefined, encoding: string): boolean {
  const choices = (header ?? '').split(',').map((choice) =>
    choice
      .trim()
      .toLowerCase()
      .split(/\s*;\s*q=/),
  )
  const [, weight = '1'] = choices.find(([name]) => name === encoding) ??
    choices.find(([name]) => name === '*') ?? ['', '0']
  return Number(weight) > 0
}
