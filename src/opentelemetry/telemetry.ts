import {
  type Attributes,
  type Meter,
  type MeterProvider,
  metrics,
  type Span,
  SpanStatusCode,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { RPCError, toRPCError } from '../core/error.ts'
import type { EventGapData } from '../event/event-gap.ts'
import type { CallEnd } from '../session/observe-call.ts'

/** Whose spans and measures these are. */
export interface OpenTelemetryOptions {
  /** Default: the global one, when it is there. */
  readonly tracerProvider?: TracerProvider | undefined
  /** Default: the global one, when it is there. */
  readonly meterProvider?: MeterProvider | undefined
}

const NAME = 'headwater'

export function tracerOf({ tracerProvider }: OpenTelemetryOptions): Tracer {
  return (tracerProvider ?? trace).getTracer(NAME)
}

export function meterOf({ meterProvider }: Pick<OpenTelemetryOptions, 'meterProvider'>): Meter {
  return (meterProvider ?? metrics).getMeter(NAME)
}

/** What spans and measures of a call are told apart by. */
export function callAttributes(path: readonly string[]): Attributes {
  return { 'rpc.system.name': NAME, 'rpc.method': path.join('/') }
}

/** The error as measures know it: few values, whatever was thrown. */
export function errorAttributes({ outcome, error }: CallEnd): Attributes {
  if (outcome !== 'error') return {}
  const { code } = toRPCError(error)
  const type = error instanceof RPCError ? code : error instanceof Error ? error.name : '_OTHER'
  return { 'error.type': type, 'rpc.response.status_code': code }
}

/** A gap is an event of the span: the stream goes on. */
export function addGap(span: Span, { reason, lastEventId, oldest, head, channel }: EventGapData): void {
  const attributes = { reason, last_event_id: lastEventId, oldest, head, channel }
  const known = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[`headwater.gap.${name}`, value] as const],
  )
  span.addEvent('headwater.gap', Object.fromEntries(known))
}

/**
 * Ends the span of a call.
 *
 * @param isFailure whether this error is one of the side whose span it is: a server is not to blame for bad input.
 */
export function endSpan(span: Span, end: CallEnd, isFailure: (error: RPCError) => boolean): void {
  const { outcome, error, stream } = end
  span.setAttributes({ ...errorAttributes(end), 'headwater.outcome': outcome })
  if (stream !== undefined) {
    span.setAttributes({ 'headwater.stream.events': stream.events, 'headwater.stream.gaps': stream.gaps })
  }
  if (outcome === 'error') {
    const known = toRPCError(error)
    span.recordException(error instanceof Error ? error : String(error))
    if (isFailure(known)) span.setStatus({ code: SpanStatusCode.ERROR, message: known.message })
  }
  span.end()
}
