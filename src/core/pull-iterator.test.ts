import { setImmediate as macrotask } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { gate } from '../../test/tools/gate.ts'
import { PullIterator } from './pull-iterator.ts'

type Result = IteratorResult<number, string>

const END: Result = { done: true, value: undefined as never }
const failure = new Error('failed')

/** Every pull and the release are answered by the test. */
class Gated extends PullIterator<number, string> {
  readonly pulls: { resolve(result: Result): void; reject(error: unknown): void }[] = []
  readonly #release: () => void | Promise<void>
  released = 0

  constructor(release: () => void | Promise<void> = () => {}) {
    super()
    this.#release = release
  }

  protected override pull(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.pulls.push({ resolve, reject })
    })
  }

  protected override release(): void | Promise<void> {
    this.released++
    return this.#release()
  }

  /** Answers the pull that is under way, and lets the answer arrive. */
  async give(value: number): Promise<void> {
    this.pulls.at(-1)?.resolve({ done: false, value })
    await macrotask()
  }
}

let unhandled = 0
const count = (): void => {
  unhandled++
}
beforeAll(() => {
  process.on('unhandledRejection', count)
})
afterAll(() => {
  process.off('unhandledRejection', count)
})
afterEach(async () => {
  await macrotask()
  expect(unhandled).toBe(0)
})

describe('next()', () => {
  test('pulls nothing before it is called, then one at a time', async () => {
    const iterator = new Gated()
    expect(iterator.pulls).toHaveLength(0)
    const results = Promise.all([iterator.next(), iterator.next()])
    expect(iterator.pulls).toHaveLength(1)
    await iterator.give(1)
    expect(iterator.pulls).toHaveLength(2)
    await iterator.give(2)
    expect(await results).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
    expect(iterator.pulls).toHaveLength(2)
  })

  test('gives the last value once, then nothing any more', async () => {
    const iterator = new Gated()
    const last = iterator.next()
    iterator.pulls[0]?.resolve({ done: true, value: 'bye' })
    expect(await last).toEqual({ done: true, value: 'bye' })
    expect(await iterator.next()).toEqual(END)
    expect(iterator.pulls).toHaveLength(1)
    expect(iterator.released).toBe(1)
  })

  test('rejects with what the pull fails with, then nothing any more', async () => {
    const iterator = new Gated()
    const failing = iterator.next()
    iterator.pulls[0]?.reject(failure)
    await expect(failing).rejects.toBe(failure)
    expect(await iterator.next()).toEqual(END)
    expect(iterator.released).toBe(1)
  })

  test.each([
    ['the end', (pull: Gated['pulls'][number]) => pull.resolve({ done: true, value: 'bye' })],
    ['a failure', (pull: Gated['pulls'][number]) => pull.reject(failure)],
  ])('answers concurrent calls in order, those behind %s too', async (_, answer) => {
    const iterator = new Gated(macrotask)
    const settled: number[] = []
    const calls = [0, 1, 2].map((index) => iterator.next().finally(() => settled.push(index)))
    if (iterator.pulls[0] !== undefined) answer(iterator.pulls[0])
    const [, ...behind] = await Promise.allSettled(calls)
    expect(behind).toEqual(Array(2).fill({ status: 'fulfilled', value: END }))
    expect(settled).toEqual([0, 1, 2])
    expect(iterator.released).toBe(1)
  })
})

describe('return()', () => {
  test('answers every pending next() at once, then releases', async () => {
    const releasing = gate()
    const iterator = new Gated(() => releasing.opened)
    const pending = [iterator.next(), iterator.next()]
    const returning = iterator.return('left')
    expect(await Promise.all(pending)).toEqual([END, END])
    expect(iterator.released).toBe(1)
    releasing.open()
    expect(await returning).toEqual({ done: true, value: 'left' })
  })

  test('forgets what the pull under way gives later', async () => {
    const iterator = new Gated()
    const pending = iterator.next()
    await iterator.return()
    await iterator.give(1)
    expect(await pending).toEqual(END)
    expect(iterator.released).toBe(1)
  })

  test('forgets what the pull under way fails with later', async () => {
    const iterator = new Gated()
    const pending = iterator.next()
    await iterator.return()
    iterator.pulls[0]?.reject(failure)
    expect(await pending).toEqual(END)
  })

  test('releases before the first next() as well, and only once', async () => {
    const iterator = new Gated()
    await Promise.all([iterator.return(), iterator.return()])
    await iterator.return()
    expect(iterator.released).toBe(1)
    expect(await iterator.next()).toEqual(END)
    expect(iterator.pulls).toHaveLength(0)
  })

  test('waits for a promised value', async () => {
    expect(await new Gated().return(Promise.resolve('later'))).toEqual({ done: true, value: 'later' })
  })

  test('is what leaving a loop calls', async () => {
    const iterator = new Gated()
    const loop = (async () => {
      for await (const value of iterator) return value
      return undefined
    })()
    await iterator.give(7)
    expect(await loop).toBe(7)
    expect(iterator.released).toBe(1)
  })
})

describe('the other ways to end', () => {
  test('throw() answers a pending next(), releases and rejects', async () => {
    const iterator = new Gated()
    const pending = iterator.next()
    await expect(iterator.throw(failure)).rejects.toBe(failure)
    expect(await pending).toEqual(END)
    expect(iterator.released).toBe(1)
  })

  test('disposal answers a pending next() and releases', async () => {
    const iterator = new Gated()
    const pending = iterator.next()
    await iterator[Symbol.asyncDispose]()
    expect(await pending).toEqual(END)
    expect(iterator.released).toBe(1)
  })
})

describe('a release that takes its time', () => {
  test.each<[string, (iterator: Gated) => Promise<unknown>]>([
    ['return()', (iterator) => iterator.return()],
    ['throw()', (iterator) => iterator.throw(failure)],
    ['disposal', (iterator) => iterator[Symbol.asyncDispose]()],
    [
      'the last next()',
      (iterator) => {
        const last = iterator.next()
        iterator.pulls[0]?.resolve({ done: true, value: 'bye' })
        return last
      },
    ],
    [
      'a next() that fails',
      (iterator) => {
        const failing = iterator.next()
        iterator.pulls[0]?.reject(failure)
        return failing
      },
    ],
  ])('is waited for by %s', async (_, end) => {
    const releasing = gate()
    const settled = vi.fn()
    const ending = end(new Gated(() => releasing.opened)).then(settled, settled)
    await macrotask()
    expect(settled).not.toHaveBeenCalled()
    releasing.open()
    await ending
    expect(settled).toHaveBeenCalledTimes(1)
  })
})

describe('a release that fails', () => {
  const broken = new Error('cannot release')
  const iterate = (): Gated => new Gated(() => Promise.reject(broken))

  test('fails return()', async () => {
    await expect(iterate().return()).rejects.toBe(broken)
  })

  test('fails the next() that came to the end', async () => {
    const iterator = iterate()
    const last = iterator.next()
    iterator.pulls[0]?.resolve({ done: true, value: 'bye' })
    await expect(last).rejects.toBe(broken)
    expect(iterator.released).toBe(1)
  })

  test('does not hide the error of a pull', async () => {
    const iterator = iterate()
    const failing = iterator.next()
    iterator.pulls[0]?.reject(failure)
    await expect(failing).rejects.toBe(failure)
    expect(iterator.released).toBe(1)
  })
})
