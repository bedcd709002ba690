/** Options with a way on: what middleware and interceptors have in common. */
export interface Interceptable<Result, Options = unknown> {
  /** Runs the rest, with some of the options changed if you give them. */
  next(changed?: Partial<Options>): Promise<Result>
}

/** A step around something: it may look, change options or the result, fail, or not call `next()` at all. */
export type Interceptor<Options, Result> = (options: Options & Interceptable<Result, Options>) => Promise<Result>

/** Runs `work` inside the interceptors, the first one outermost. */
export function intercept<Options extends object, Result>(
  interceptors: readonly Interceptor<Options, Result>[],
  options: Options,
  work: (options: Options) => Promise<Result>,
): Promise<Result> {
  if (interceptors.length === 0) return work(options)
  const runFrom = (index: number, options: Options): Promise<Result> => {
    const interceptor = interceptors[index]
    if (interceptor === undefined) return work(options)
    return interceptor({ ...options, next: (changed) => runFrom(index + 1, { ...options, ...changed }) })
  }
  return runFrom(0, options)
}
