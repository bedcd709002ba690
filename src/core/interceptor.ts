/** Options with a way on: what middleware and interceptors have in common. */
export interface Interceptable<Result> {
  next(): Promise<Result>
}

type ResultOf<Options extends Interceptable<any>> = Options extends Interceptable<infer Result> ? Result : never

/** A step around something: it may look, replace the result, fail, or not call `next()` at all. */
export type Interceptor<Options, Result> = (options: Options & Interceptable<Result>) => Promise<Result>

/** Runs `work` inside the interceptors, the first one outermost. */
export function intercept<Options extends object, Result>(
  interceptors: readonly Interceptor<Options, Result>[],
  options: Options,
  work: () => Promise<Result>,
): Promise<Result> {
  const runFrom = (index: number): Promise<Result> => {
    const interceptor = interceptors[index]
    return interceptor === undefined ? work() : interceptor({ ...options, next: () => runFrom(index + 1) })
  }
  return runFrom(0)
}

/**
 * Runs `callback` before the rest. Fits as middleware and as interceptor, like its three siblings.
 *
 * @example
 * new RPCHandler(router, { interceptors: [onError((error) => console.error(error))] })
 */
export function onStart<Options extends Interceptable<any>>(
  callback: (options: Options) => unknown,
): (options: Options) => Promise<ResultOf<Options>> {
  return async (options) => {
    await callback(options)
    return proceed(options)
  }
}

/** Runs `callback` with the result when the rest has succeeded. */
export function onSuccess<Options extends Interceptable<any>>(
  callback: (result: ResultOf<Options>, options: Options) => unknown,
): (options: Options) => Promise<ResultOf<Options>> {
  return async (options) => {
    const result = await proceed(options)
    await callback(result, options)
    return result
  }
}

/** Runs `callback` with the error when the rest has failed; the error goes on. */
export function onError<Options extends Interceptable<any>>(
  callback: (error: unknown, options: Options) => unknown,
): (options: Options) => Promise<ResultOf<Options>> {
  return async (options) => {
    try {
      return await proceed(options)
    } catch (error) {
      await callback(error, options)
      throw error
    }
  }
}

/** Runs `callback` in the end, with `[error, undefined, false]` or `[null, result, true]`. */
export function onFinish<Options extends Interceptable<any>>(
  callback: (
    state:
      | readonly [error: unknown, result: undefined, isSuccess: false]
      | readonly [error: null, result: ResultOf<Options>, isSuccess: true],
    options: Options,
  ) => unknown,
): (options: Options) => Promise<ResultOf<Options>> {
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
