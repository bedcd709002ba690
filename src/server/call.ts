import { defineError } from '../contract/define-error.ts'
import { createErrorConstructors, type ErrorConstructors, type ErrorMap } from '../contract/error-map.ts'
import { validateInput } from '../contract/validate-input.ts'
import { validateWhole } from '../contract/validate-whole.ts'
import { RPCError } from '../core/error.ts'
import { LateSignal, type SignalSource } from '../core/late-signal.ts'
import { type Schema, ValidationError } from '../core/schema.ts'
import { isEventSource, mapEventIterator } from '../event/event-iterator.ts'
import type { Context, MiddlewareResult } from './middleware.ts'
import type { Procedure } from './procedure.ts'
import { ResumeWatch } from './resume-watch.ts'

/** One call as a session makes it: nothing is validated yet. */
export interface ProcedureCall {
  readonly input: unknown
  readonly context: Context
  /** Whose signal it is that ends the call. */
  readonly source: SignalSource
  readonly lastEventId: string | undefined
  readonly path: readonly string[]
}

/**
 * Runs a procedure: middleware, input validation, handler, output validation.
 *
 * @throws {RPCError} `BAD_REQUEST` with the schema's issues as data when the input does not fit; whatever the handler
 *   throws; `INTERNAL_SERVER_ERROR` when the output does not fit.
 */
export async function callProcedure(procedure: Procedure, call: ProcedureCall): Promise<unknown> {
  const definition = procedure['~headwater']
  const { middlewares, inputIndex, handler } = definition
  const { source, lastEventId, path } = call
  const errors = errorsOf(definition.errors)
  const resume = ResumeWatch.of({ procedure, path, lastEventId })
  const watch = <Options extends object>(options: Options): Options => resume?.watch(options) ?? options

  const runFrom = async (index: number, context: Context, input: unknown): Promise<unknown> => {
    const validating = index === inputIndex ? validateInput(definition.input, input) : input
    const validInput = validating instanceof Promise ? await validating : validating
    const scope = Object.assign(new LateSignal(source), { context, lastEventId, errors, path, procedure })
    const middleware = middlewares[index]
    if (middleware === undefined) {
      const output = await handler(watch(Object.assign(scope, { input: validInput })))
      return definition.output === undefined ? output : validateOutput(definition.output, output)
    }
    const next = async (options?: { context?: Context }): Promise<MiddlewareResult<Context>> => {
      const more = options?.context ?? {}
      return { output: await runFrom(index + 1, addContext(context, more), validInput), context: more }
    }
    const result = await middleware(watch(Object.assign(scope, { next })), validInput, (output) => ({
      output,
      context: {} as never,
    }))
    return result.output
  }
  try {
    const result = await runFrom(0, call.context, call.input)
    const output = resume === undefined ? result : resume.check(result)
    if (!isEventSource(output) || Object.keys(definition.errors).length === 0) return output
    return mapEventIterator(output, { error: (error) => defineError(definition.errors, error) })
  } catch (error) {
    throw await defineError(definition.errors, error)
  }
}

const constructors = new WeakMap<ErrorMap, ErrorConstructors<ErrorMap>>()

/** Made once for each contract's errors. */
function errorsOf(errors: ErrorMap): ErrorConstructors<ErrorMap> {
  let made = constructors.get(errors)
  if (made === undefined) {
    made = Object.freeze(createErrorConstructors(errors))
    constructors.set(errors, made)
  }
  return made
}

/** The context with more in it; one of a class keeps its methods. */
export function addContext(context: Context, more: Context): Context {
  return Object.assign(Object.create(Object.getPrototypeOf(context) as object | null) as object, context, more)
}

async function validateOutput(schema: Schema, output: unknown): Promise<unknown> {
  const result = await validateWhole(schema, output)
  if (result.issues === undefined) return result.value
  // What was wrong with it stays here: it may say what the output schema was to keep inside.
  throw new RPCError('INTERNAL_SERVER_ERROR', {
    message: 'Output validation failed',
    cause: new ValidationError('Output validation failed', result.issues),
  })
}
