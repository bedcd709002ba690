import { RPCError } from '../core/error.ts'
import type { Interceptable } from '../core/interceptor.ts'
import { type EventSource, isEventSource } from './event-iterator.ts'
import { mapEventIterator } from './map-event-iterator.ts'

/** `any` for callbacks whose own type leaves it open, such as `console.error`. */
type ResultOf<Options extends Interceptable<any>> = 0 extends 1 & Options
  ? any
  : Options extends Interceptable<infer Result>
    ? Result
    : never

/** A step that fits as middleware, as interceptor of a handler and as interceptor of a link. */
export type LifecycleHook<Options extends Interceptable<any>> = (options: Options) => Promise<ResultOf<Options>>

/** Runs `callback` before the rest. */
export function onStart<Options extends Interceptable<any>>(
  callback: (options: Options) => unknown,
): LifecycleHook<Options> {
  return async (options) => {
    await callback(options)
    return proceed(options)
  }
}

/** Runs `callback` with the result when the rest has succeeded; for a stream, when it has been opened. */
export function onSuccess<Options extends Interceptable<any>>(
  callback: (result: ResultOf<Options>, options: Options) => unknown,
): LifecycleHook<Options> {
  return async (options) => {
    const result = await proceed(options)
    await callback(result, options)
    return result
  }
}

/**
 * Runs `callback` with the error when the rest has failed, or a stream that came out of it; the error goes on. A caller
 * who leaves a stream is no error.
 *
 * @example
 * new RPCHandler(router, { interceptors: [onError((error) => console.error(error))] })
 */
export function onError<Options extends Interceptable<any>>(
  callback: (error: unknown, options: Options) => unknown,
): LifecycleHook<Options> {
  return async (options) => {
    try {
      return watchStream(await proceed(options), options, (error) => callback(error, options))
    } catch (error) {
      const isLeaving = error instanceof RPCError && error.code === 'CLIENT_CLOSED_REQUEST'
      if (!isLeaving) await callback(error, options)
      throw error
    }
  }
}

/** Runs `callback` in the end, with `[error, undefined, false]` or `[null, result, true]`; for a stream, when it opens. */
export function onFinish<Options extends Interceptable<any>>(
  callback: (
    state:
      | readonly [error: unknown, result: undefined, isSuccess: false]
      | readonly [error: null, result: ResultOf<Options>, isSuccess: true],
    options: Options,
  ) => unknown,
): LifecycleHook<Options> {
  return async (options) => {
    let result: ResultOf<Options>
    try {
      result = await proceed(options)
    } catch (error) {
      await callback([error, undefined, false], options)
      throw error
    }
    await callback([null, result, true], options)
    return result
  }
}

function proceed<Options extends Interceptable<any>>(options: Options): Promise<ResultOf<Options>> {
  return options.next()
}

/** The result with its stream watched: an interceptor's result is the output, a middleware's has it inside. */
function watchStream<Result>(result: Result, options: object, onError: (error: unknown) => unknown): Result {
  const { signal } = options as { signal?: AbortSignal }
  const watch = (source: EventSource): EventSource =>
    mapEventIterator(source, {
      error: async (error) => {
        if (!signal?.aborted) await onError(error)
        return error
      },
    })
  if (isEventSource(result)) return watch(result) as Result
  const { output } = (result ?? {}) as { output?: unknown }
  return isEventSource(output) ? { ...result, output: watch(output) } : result
}
