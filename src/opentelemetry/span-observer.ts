import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api'
import { type RPCError, toRPCError } from '../core/error.ts'
import type { EventGapData } from '../event/event-gap.ts'
import type { CallEnd, CallObserver } from '../session/observe-call.ts'
import type { CallMeasures } from './call-measures.ts'
import { errorAttributes } from './telemetry.ts'

interface ObservedCall {
  readonly span: Span
  readonly measures: CallMeasures
  readonly attributes: Attributes
  /** Whether this error is one of the side whose span it is: a server is not to blame for bad input. */
  readonly isFailure: (error: RPCError) => boolean
}

/** Tells the span of a call and the measures of its side what becomes of it. */
export function spanObserver({ span, measures, attributes, isFailure }: ObservedCall): Omit<CallObserver, 'signal'> {
  return {
    onOpen: () => {
      span.addEvent('headwater.opened')
      measures.opened(attributes)
    },
    onGap: (gap) => {
      addGap(span, gap)
      measures.gap(attributes, gap.reason)
    },
    onEnd: (end) => {
      measures.ended(attributes, end)
      endSpan(span, end, isFailure)
    },
  }
}

/** A gap is an event of the span: the stream goes on. */
function addGap(span: Span, { reason, lastEventId, oldest, head, channel }: EventGapData): void {
  const attributes = { reason, last_event_id: lastEventId, oldest, head, channel }
  const known = Object.entries(attributes).flatMap(([name, value]) =>
    value === undefined ? [] : [[`headwater.gap.${name}`, value] as const],
  )
  span.addEvent('headwater.gap', Object.fromEntries(known))
}

function endSpan(span: Span, end: CallEnd, isFailure: (error: RPCError) => boolean): void {
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
