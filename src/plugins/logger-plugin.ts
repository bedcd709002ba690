import { toRPCError } from '../core/error.ts'
import { type CallEnd, observeCall } from '../session/observe-call.ts'
import type { HandlerInterceptor, HandlerInterceptorOptions, HandlerPlugin } from '../session/serve-request.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Where lines go: pino, `console`, or whatever takes fields and a message by level. */
export type Logger = Readonly<Record<LogLevel, (fields: object, message: string) => void>>

/** One line about a call. Never its input, its output or its headers. */
export interface CallLog {
  /** Of the procedure, `chat/stream`. */
  readonly path: string
  /** Where the stream that is asked for goes on. */
  readonly lastEventId?: string
  /** From the call to its end, in ms. Not of a stream that has only been opened. */
  readonly duration?: number
  /** `'left'`: the client did not wait for the end. */
  readonly outcome?: CallEnd['outcome']
  /** The HTTP status of the answer, or of the error with which its stream failed. */
  readonly status: number
  /** Of the error that was answered. */
  readonly code?: string
  /** Events of a stream that were handed out, and the gaps that it went on over. */
  readonly events?: number
  readonly gaps?: number
  /** What was thrown. Under the name that pino writes with its stack. */
  readonly err?: unknown
}

export interface LoggerPluginOptions {
  /** A logger, or a function that gives one for each call, such as the request's own: `({ context }) => context.log`. */
  readonly logger: Logger | ((call: HandlerInterceptorOptions) => Logger)
  /**
   * The level of a line; `undefined` for none. Default: `'error'` for errors of 500 and more, `'warn'` for others,
   * `'debug'` for the opening of a stream, else `'info'`.
   */
  readonly level?: ((line: CallLog) => LogLevel | undefined) | undefined
}

/**
 * Writes a line for each call, and two for each stream: when it is open, and when it is over.
 *
 * @example
 * new RPCHandler(router, { plugins: [new LoggerPlugin({ logger: pino() })] })
 */
export class LoggerPlugin implements HandlerPlugin {
  readonly #options: LoggerPluginOptions

  constructor(options: LoggerPluginOptions) {
    this.#options = options
  }

  readonly interceptor: HandlerInterceptor = ({ next, ...call }) => {
    const { request, path } = call
    const lastEventId = request.header('last-event-id')
    const about = { path: path.join('/'), ...(lastEventId ? { lastEventId } : {}) }
    return observeCall(() => next(), {
      signal: request.signal,
      onOpen: () => this.#write(call, { ...about, status: 200 }, 'stream opened'),
      onEnd: (end) => this.#write(call, { ...about, ...describe(end) }, messageOf(end)),
    })
  }

  /** What a logger throws is no matter of the call. */
  #write(call: HandlerInterceptorOptions, line: CallLog, message: string): void {
    const { logger, level = levelOf } = this.#options
    try {
      const chosen = level(line)
      if (chosen === undefined) return
      const target = typeof logger === 'function' ? logger(call) : logger
      target[chosen](line, message)
    } catch (error) {
      console.error(error)
    }
  }
}

function describe({ duration, outcome, error, stream }: CallEnd): Omit<CallLog, 'path'> {
  const rounded = Math.round(duration * 1000) / 1000
  if (outcome !== 'error') return { duration: rounded, outcome, status: 200, ...stream }
  const { status, code } = toRPCError(error)
  return { duration: rounded, outcome, status, code, ...stream, err: error }
}

function messageOf({ outcome, stream }: CallEnd): string {
  const what = stream === undefined ? 'call' : 'stream'
  if (outcome === 'error') return `${what} failed`
  if (outcome === 'left') return `${what} left`
  return stream === undefined ? 'call answered' : 'stream ended'
}

function levelOf({ status, outcome }: CallLog): LogLevel {
  if (outcome === undefined) return 'debug'
  if (outcome !== 'error') return 'info'
  return status >= 500 ? 'error' : 'warn'
}
