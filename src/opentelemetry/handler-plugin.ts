import {
  type Context,
  context,
  propagation,
  SpanKind,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { type EventSource, isEventSource } from '../event/event-iterator.ts'
import { HibernationEventIterator } from '../event/hibernation-event-iterator.ts'
import { observeCall } from '../session/observe-call.ts'
import type { HandlerInterceptor, HandlerPlugin } from '../session/serve-request.ts'
import type { ServerRequest } from '../session/server-request.ts'
import { CallMeasures } from './call-measures.ts'
import { spanObserver } from './span-observer.ts'
import { callAttributes, meterOf, type OpenTelemetryOptions, tracerOf } from './telemetry.ts'

const REQUEST_HEADERS: TextMapGetter<ServerRequest> = {
  get: (request, name) => request.header(name.toLowerCase()),
  keys: (request) => [...request.headers().keys()],
}

/**
 * A span for each call that a handler serves, behind that of its client, and measures of them all. That of a stream lasts
 * as long as the stream does.
 *
 * @example
 * new RPCHandler(router, { plugins: [new OpenTelemetryHandlerPlugin()] })
 */
export class OpenTelemetryHandlerPlugin implements HandlerPlugin {
  readonly #tracer: Tracer
  readonly #measures: CallMeasures

  constructor(options: OpenTelemetryOptions = {}) {
    this.#tracer = tracerOf(options)
    this.#measures = new CallMeasures(meterOf(options), 'server')
  }

  readonly interceptor: HandlerInterceptor = async ({ request, path, next }) => {
    const attributes = callAttributes(path)
    const parent = propagation.extract(context.active(), request, REQUEST_HEADERS)
    const span = this.#tracer.startSpan(path.join('/'), { kind: SpanKind.SERVER, attributes }, parent)
    const lastEventId = request.header('last-event-id')
    if (lastEventId) span.setAttribute('headwater.last_event_id', lastEventId)
    const active = trace.setSpan(parent, span)
    const output = await observeCall(() => context.with(active, () => next()), {
      signal: request.signal,
      ...spanObserver({ span, measures: this.#measures, attributes, isFailure: (error) => error.status >= 500 }),
    })
    return isEventSource(output) ? within(active, output) : output
  }
}

/** The stream with the code of its generator run inside the span: whoever asks for events is somewhere else. */
function within(active: Context, source: EventSource): EventSource {
  // No code of a handler runs for the events of a subscription.
  if (source['~ready'] !== undefined || source instanceof HibernationEventIterator) return source
  const position = source['~position']
  const bound: EventSource = {
    next: () => context.with(active, () => source.next()),
    return: (value) => context.with(active, async () => (await source.return?.(value)) ?? { done: true, value }),
    [Symbol.asyncIterator]: () => bound,
    ...(position === undefined ? {} : { '~position': position }),
  }
  return bound
}
