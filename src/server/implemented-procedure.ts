import type { ErrorMap, InferError } from '../contract/error-map.ts'
import type { Call, CallOptions, ProcedureClient } from '../contract/procedure-client.ts'
import { LateAbort } from '../core/late-abort.ts'
import type { InferInput, InferOutput, Schema } from '../core/schema.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { ToldGaps } from '../event/told-gaps.ts'
import { callProcedure } from './call.ts'
import type { Context } from './middleware.ts'
import type { Procedure, ProcedureDefinition } from './procedure.ts'

/** The context to call with; it may be left out where the procedure needs none. */
export type ContextArgument<InitialContext extends Context> =
  Record<never, never> extends InitialContext
    ? { readonly context?: InitialContext | undefined }
    : { readonly context: InitialContext }

/** Options that may be left out altogether where the procedure needs no context. */
export type ContextOptions<InitialContext extends Context, More> =
  Record<never, never> extends InitialContext
    ? [options?: ContextArgument<InitialContext> & More]
    : [options: ContextArgument<InitialContext> & More]

/** A procedure that can also be made into a plain function. */
export class ImplementedProcedure<
  InitialContext extends Context,
  Input extends Schema,
  Output extends Schema,
  Errors extends ErrorMap,
> implements Procedure<InitialContext, Input, Output, Errors>
{
  readonly '~headwater': ProcedureDefinition<InitialContext, Input, Output, Errors>

  constructor(definition: ProcedureDefinition<InitialContext, Input, Output, Errors>) {
    this['~headwater'] = definition
  }

  /** The procedure as a function of this process, which is a procedure still and may stand in a router. */
  callable(
    ...[options]: ContextOptions<InitialContext, unknown>
  ): ProcedureClient<InferInput<Input>, InferOutput<Output>, InferError<Errors>> &
    Procedure<InitialContext, Input, Output, Errors> {
    const client = (input?: unknown, callOptions?: CallOptions): Promise<unknown> =>
      callLocally(this, input, { ...callOptions, context: options?.context, path: [] })
    return Object.assign(client, { '~headwater': this['~headwater'] }) as never
  }
}

export interface LocalCallOptions {
  readonly signal?: AbortSignal | undefined
  readonly lastEventId?: string | undefined
  readonly onGap?: CallOptions['onGap']
  readonly context?: Context | undefined
  readonly path: readonly string[]
}

/** Runs a procedure in this process; a stream comes back as the handler gave it. */
export async function callLocally(procedure: Procedure, input: unknown, options: LocalCallOptions): Promise<unknown> {
  const { signal, lastEventId, onGap, context = {}, path } = options
  const source = signal === undefined ? new LateAbort() : { signal }
  const output = await callProcedure(procedure, { input, context, source, lastEventId, path })
  return onGap !== undefined && isEventSource(output) ? new ToldGaps(output, onGap) : output
}

/**
 * Calls a procedure in this process, validation and middleware included.
 *
 * @example
 * const user = await call(findUser, { id: 1 }, { context: { db } })
 */
export function call<
  InitialContext extends Context,
  Input extends Schema,
  Output extends Schema,
  Errors extends ErrorMap,
>(
  procedure: Procedure<InitialContext, Input, Output, Errors>,
  input: InferInput<Input>,
  ...[options]: ContextOptions<InitialContext, Pick<CallOptions, 'signal' | 'lastEventId' | 'onGap'>>
): Call<InferOutput<Output>, InferError<Errors>> {
  return callLocally(procedure, input, { ...options, path: [] }) as Call<InferOutput<Output>, InferError<Errors>>
}
