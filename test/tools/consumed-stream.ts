import { type ConsumeOptions, consumeEventIterator } from '../../src/client/consume-event-iterator.ts'

type Result = IteratorResult<number, string>

/** A stream in the hands of a test: what it gives and when. Leaving it answers the pending `next()`. */
export class ControlledStream implements AsyncIterator<number, string, void> {
  /** How often it was left. */
  left = 0
  #pending: { resolve(result: Result): void; reject(error: unknown): void } | undefined

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject }
    })
  }

  async return(): Promise<Result> {
    this.left++
    this.end(undefined as never)
    return { done: true, value: undefined as never }
  }

  emit(value: number): Promise<void> {
    this.#pending?.resolve({ done: false, value })
    return settled()
  }

  end(value: string): Promise<void> {
    this.#pending?.resolve({ done: true, value })
    return settled()
  }

  fail(error: unknown): Promise<void> {
    this.#pending?.reject(error)
    return settled()
  }
}

/** Resolves when every promise that can settle by now has done so, and unhandled rejections have been told. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export interface Consumed {
  /** The callbacks in the order in which they were called, with their arguments. */
  readonly calls: unknown[][]
  readonly cancel: () => Promise<void>
}

/** Consumes a stream with callbacks that write down how they were called, `options` in the place of some. */
export async function consume(
  stream: AsyncIterator<number, string, void> | PromiseLike<AsyncIterator<number, string, void>>,
  options: Partial<ConsumeOptions<number, string>> = {},
): Promise<Consumed> {
  const calls: unknown[][] = []
  const cancel = consumeEventIterator<number, string>(stream, {
    onEvent: (event) => calls.push(['event', event]),
    onSuccess: (result) => calls.push(['success', result]),
    onError: (error) => calls.push(['error', error]),
    onFinish: (result) => calls.push(['finish', ...result]),
    ...options,
  })
  await settled()
  return { calls, cancel }
}

/** Collects what nobody handles while `work` runs; whoever calls asserts that it is nothing. */
export async function collectUnhandled(work: () => Promise<unknown>): Promise<unknown[]> {
  const unhandled: unknown[] = []
  const collect = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', collect)
  try {
    await work()
    await settled()
  } finally {
    process.off('unhandledRejection', collect)
  }
  return unhandled
}
