import { defineError } from '../contract/define-error.ts'
import { createErrorConstructors, type ErrorConstructors, type ErrorMap } from '../contract/error-map.ts'
import { validateInput } from '../contract/validate-input.ts'
import { validateWhole } from '../contract/validate-whole.ts'
import { RPCError } from '../core/error.ts'
import { LateSignal, type SignalSource } from '../core/late-signal.ts'
import { type Schema, ValidationError } from '../core/schema.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { mapEventIterator } from '../event/map-event-iterator.ts'
import type { CallScope, Context, Middleware, MiddlewareResult } from './middleware.ts'
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
 * Runs a procedure: middleware, input validation, handler, output validation. A promise of the output only where something
 * in it is asynchronous, or fails.
 *
 * @throws {RPCError} `BAD_REQUEST` with the schema's issues as data when the input does not fit; whatever the handler
 *   throws; `INTERNAL_SERVER_ERROR` when the output does not fit.
 */
export function callProcedure(procedure: Procedure, call: ProcedureCall): unknown {
  const { errors } = procedure['~headwater']
  try {
    const output = new Run(procedure, call).start()
    return isThenable(output) ? awaitOutput(output, errors) : withDeclared(output, errors)
  } catch (error) {
    return awaitOutput(Promise.reject(error), errors)
  }
}

async function awaitOutput(output: PromiseLike<unknown>, errors: ErrorMap): Promise<unknown> {
  try {
    return withDeclared(await output, errors)
  } catch (error) {
    throw await defineError(errors, error)
  }
}

/** A stream may fail with what the contract declares, too. */
function withDeclared(output: unknown, errors: ErrorMap): unknown {
  if (!isEventSource(output) || Object.keys(errors).length === 0) return output
  return mapEventIterator(output, { error: (error) => defineError(errors, error) })
}

/** Whether it has to be awaited: some libraries' queries are no promises, but become one. */
function isThenable(output: unknown): output is PromiseLike<unknown> {
  return typeof (output as Partial<PromiseLike<unknown>> | null | undefined)?.then === 'function'
}

/** One run of a procedure, step after step. A step gives a promise only where something in it is asynchronous. */
class Run {
  readonly #procedure: Procedure
  readonly #call: ProcedureCall
  readonly #errors: ErrorConstructors<ErrorMap>
  readonly #resume: ResumeWatch | undefined

  constructor(procedure: Procedure, call: ProcedureCall) {
    const { path, lastEventId } = call
    this.#procedure = procedure
    this.#call = call
    this.#errors = errorsOf(procedure['~headwater'].errors)
    this.#resume = lastEventId === undefined ? undefined : ResumeWatch.of({ procedure, path, lastEventId })
  }

  start(): unknown {
    const { context, input } = this.#call
    const output = this.#runFrom(0, context, input)
    return this.#resume === undefined ? output : this.#checkResume(this.#resume, output)
  }

  async #checkResume(resume: ResumeWatch, output: unknown): Promise<unknown> {
    return resume.check(await output)
  }

  #runFrom(index: number, context: Context, input: unknown): unknown {
    const definition = this.#procedure['~headwater']
    const valid = index === definition.inputIndex ? validateInput(definition.input, input) : input
    if (valid instanceof Promise) return valid.then((valid) => this.#runStep(index, context, valid))
    return this.#runStep(index, context, valid)
  }

  #runStep(index: number, context: Context, input: unknown): unknown {
    const { middlewares, handler, output: schema } = this.#procedure['~headwater']
    const middleware = middlewares[index]
    if (middleware !== undefined) return this.#runMiddleware(middleware, index, context, input)
    const scope = this.#scope(context)
    scope.input = input
    const output = handler(scope)
    return schema === undefined ? output : validateOutput(schema, output)
  }

  async #runMiddleware(middleware: Middleware, index: number, context: Context, input: unknown): Promise<unknown> {
    const next = async (options?: { context?: Context }): Promise<MiddlewareResult<Context>> => {
      const more = options?.context ?? {}
      return { output: await this.#runFrom(index + 1, addContext(context, more), input), context: more }
    }
    const result = await middleware(Object.assign(this.#scope(context), { next }), input, asOutput)
    return result.output
  }

  #scope(context: Context): Scope {
    const scope = new Scope(this.#procedure, this.#call, this.#errors, context)
    return this.#resume?.watch(scope) ?? scope
  }
}

/** What every step gets. */
class Scope extends LateSignal implements CallScope<any, any> {
  readonly context: Context
  readonly lastEventId: string | undefined
  readonly errors: ErrorConstructors<ErrorMap>
  readonly path: readonly string[]
  readonly procedure: Procedure
  /** Of the handler alone. */
  declare input: unknown

  constructor(procedure: Procedure, call: ProcedureCall, errors: ErrorConstructors<ErrorMap>, context: Context) {
    super(call.source)
    this.context = context
    this.lastEventId = call.lastEventId
    this.errors = errors
    this.path = call.path
    this.procedure = procedure
  }
}

/** What a middleware that answers itself hands back. */
function asOutput(output: unknown): MiddlewareResult<never> {
  return { output, context: {} as never }
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
  const result = await validateWhole(schema, await output)
  if (result.issues === undefined) return result.value
  // What was wrong with it stays here: it may say what the output schema was to keep inside.
  throw new RPCError('INTERNAL_SERVER_ERROR', {
    message: 'Output validation failed',
    cause: new ValidationError('Output validation failed', result.issues),
  })
}
