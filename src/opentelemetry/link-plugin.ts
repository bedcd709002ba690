import { type Context, context, propagation, SpanKind, type Tracer, trace } from '@opentelemetry/api'
import type { LinkInterceptor, LinkPlugin, OutgoingCall } from '../session/call-link.ts'
import { observeCall } from '../session/observe-call.ts'
import { CallMeasures } from './call-measures.ts'
import { spanObserver } from './span-observer.ts'
import { callAttributes, meterOf, type OpenTelemetryOptions, tracerOf } from './telemetry.ts'

/** Where a call keeps its span: requests are made, and streams resumed, when something else is active. */
const TRACED: unique symbol = Symbol('headwater.traced')

interface TracedCall {
  readonly [TRACED]?: { readonly active: Context; requests: number }
}

/**
 * A span for each call of a link, which its server's span stands behind, and measures of them all. Goes with every
 * transport, and with every reconnect of a stream.
 *
 * @example
 * new RPCLink({ url: '/rpc', plugins: [new OpenTelemetryLinkPlugin()] })
 */
export class OpenTelemetryLinkPlugin implements LinkPlugin {
  readonly #tracer: Tracer
  readonly #measures: CallMeasures

  constructor(options: OpenTelemetryOptions = {}) {
    this.#tracer = tracerOf(options)
    this.#measures = new CallMeasures(meterOf(options), 'client')
  }

  readonly interceptor: LinkInterceptor<unknown> = ({ next, ...call }) => {
    const attributes = callAttributes(call.path)
    const span = this.#tracer.startSpan(call.path.join('/'), { kind: SpanKind.CLIENT, attributes })
    const traced = { active: trace.setSpan(context.active(), span), requests: 0 }
    const run = (onGap: NonNullable<typeof call.onGap>): Promise<unknown> => {
      const changed: Partial<typeof call> & TracedCall = {
        [TRACED]: traced,
        onGap: (gap) => {
          onGap(gap)
          call.onGap?.(gap)
        },
      }
      return context.with(traced.active, () => next(changed))
    }
    const observer = spanObserver({ span, measures: this.#measures, attributes, isFailure: () => true })
    return observeCall(run, {
      ...observer,
      signal: call.signal,
      onEnd: (end) => {
        span.setAttribute('headwater.requests', traced.requests)
        observer.onEnd(end)
      },
    })
  }

  readonly headers = ({ options }: OutgoingCall<unknown>): Readonly<Record<string, string>> => {
    const headers: Record<string, string> = {}
    const traced = (options as TracedCall)[TRACED]
    if (traced === undefined) return headers
    if (++traced.requests > 1) trace.getSpan(traced.active)?.addEvent('headwater.reconnect')
    propagation.inject(traced.active, headers)
    return headers
  }
}
