import {
  type Attributes,
  type Meter,
  type MeterProvider,
  metrics,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { RPCError, toRPCError } from '../core/error.ts'
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
