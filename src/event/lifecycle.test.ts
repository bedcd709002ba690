import { describe, expect, test, vi } from 'vitest'
import { gate } from '../../test/tools/gate.ts'
import { type Interceptable, type Interceptor, intercept } from '../core/interceptor.ts'
import type { EventSource } from './event-iterator.ts'
import { getEventMeta, withEventMeta } from './event-meta.ts'
import { onError, onFinish, onStart, onSuccess } from './lifecycle.ts'

interface Job {
  readonly name: string
  readonly signal?: AbortSignal
}
type Options = Job & Interceptable<unknown, Job>

const JOB: Job = { name: 'job' }
const failure = new Error('failed')
const succeed = async (): Promise<unknown> => 'done'
const fail = (): Promise<unknown> => Promise.reject(failure)

/** A callback of any of the four, which sees what it is given. */
const spy = () => vi.fn((_outcome: unknown, _options: Options): unknown => 'ignored')

function run(interceptors: readonly Interceptor<Job, unknown>[], work = succeed, job = JOB): Promise<unknown> {
  return intercept(interceptors, job, work)
}

/** One event, then the failure. */
async function* breakingStream(onLeave: () => void = () => {}): EventSource {
  try {
    yield withEventMeta({ n: 1 }, { id: '1' })
    throw failure
  } finally {
    onLeave()
  }
}

describe('onStart', () => {
  test('is waited for before the work begins', async () => {
    const steps: string[] = []
    const callback = async ({ name }: Options): Promise<void> => {
      await Promise.resolve()
      steps.push(name)
    }
    await run([onStart(callback)], async () => {
      steps.push('work')
      return 'done'
    })
    expect(steps).toEqual(['job', 'work'])
  })

  test('keeps the work from beginning when it fails', async () => {
    const work = vi.fn(succeed)
    await expect(run([onStart(() => Promise.reject(failure))], work)).rejects.toBe(failure)
    expect(work).not.toHaveBeenCalled()
  })
})

describe('onSuccess', () => {
  test('gets the result and the options, and changes nothing', async () => {
    const callback = spy()
    expect(await run([onSuccess(callback)])).toBe('done')
    expect(callback).toHaveBeenCalledExactlyOnceWith('done', expect.objectContaining(JOB))
  })

  test('is not called for a failure', async () => {
    const callback = spy()
    await expect(run([onSuccess(callback)], fail)).rejects.toBe(failure)
    expect(callback).not.toHaveBeenCalled()
  })
})

describe('onError', () => {
  test('gets the error and the options; the error goes on', async () => {
    const callback = spy()
    await expect(run([onError(callback)], fail)).rejects.toBe(failure)
    expect(callback).toHaveBeenCalledExactlyOnceWith(failure, expect.objectContaining(JOB))
  })

  test('is not called for a success', async () => {
    const callback = spy()
    expect(await run([onError(callback)])).toBe('done')
    expect(callback).not.toHaveBeenCalled()
  })
})

describe('onFinish', () => {
  test('gets the result of a success', async () => {
    const callback = spy()
    expect(await run([onFinish(callback)])).toBe('done')
    expect(callback).toHaveBeenCalledExactlyOnceWith([null, 'done', true], expect.objectContaining(JOB))
  })

  test('gets the error of a failure, which goes on', async () => {
    const callback = spy()
    await expect(run([onFinish(callback)], fail)).rejects.toBe(failure)
    expect(callback).toHaveBeenCalledExactlyOnceWith([failure, undefined, false], expect.objectContaining(JOB))
  })

  test('is called once, even if it fails itself', async () => {
    const own = new Error('own')
    const callback = vi.fn(() => Promise.reject(own))
    await expect(run([onFinish(callback)])).rejects.toBe(own)
    expect(callback).toHaveBeenCalledTimes(1)
  })
})

describe('a callback that is asynchronous', () => {
  test.each([
    ['onSuccess', onSuccess, succeed],
    ['onError', onError, fail],
    ['onFinish', onFinish, succeed],
    ['onFinish', onFinish, fail],
  ] as const)('is waited for: %s', async (_, hook, work) => {
    const calling = gate()
    const ended = vi.fn()
    const running = run([hook(() => calling.opened)], work).then(ended, ended)
    await new Promise(setImmediate)
    expect(ended).not.toHaveBeenCalled()
    calling.open()
    await running
    expect(ended).toHaveBeenCalledTimes(1)
  })
})

describe('a stream as the result', () => {
  /** As an interceptor gives it, and as a middleware does. */
  const forms = [
    {
      form: 'alone',
      wrap: (stream: EventSource): unknown => stream,
      unwrap: (result: unknown) => result as EventSource,
    },
    {
      form: 'as the output in it',
      wrap: (output: EventSource): unknown => ({ output, context: {} }),
      unwrap: (result: unknown) => (result as { output: EventSource }).output,
    },
  ]

  test.each(forms)('tells onError when it fails, and fails all the same: $form', async ({ wrap, unwrap }) => {
    const callback = spy()
    const result = await run([onError(callback)], async () => wrap(breakingStream()))
    const stream = unwrap(result)
    expect(getEventMeta((await stream.next()).value)).toEqual({ id: '1' })
    expect(callback).not.toHaveBeenCalled()
    await expect(stream.next()).rejects.toBe(failure)
    expect(callback).toHaveBeenCalledExactlyOnceWith(failure, expect.objectContaining(JOB))
  })

  test('fails when an asynchronous onError is through with it', async () => {
    const calling = gate()
    const failed = vi.fn()
    const stream = (await run([onError(() => calling.opened)], async () => breakingStream())) as EventSource
    await stream.next()
    const failing = stream.next().catch(failed)
    await new Promise(setImmediate)
    expect(failed).not.toHaveBeenCalled()
    calling.open()
    await failing
    expect(failed).toHaveBeenCalledExactlyOnceWith(failure)
  })

  test('keeps what stands beside the output', async () => {
    const result = await run([onError(spy())], async () => ({ output: breakingStream(), context: { a: 1 } }))
    expect(result).toMatchObject({ context: { a: 1 } })
  })

  test.each(forms)('tells onError nothing when the consumer leaves: $form', async ({ wrap, unwrap }) => {
    const [callback, left] = [spy(), vi.fn()]
    const stream = unwrap(await run([onError(callback)], async () => wrap(breakingStream(left))))
    await stream.next()
    await stream.return?.()
    expect(left).toHaveBeenCalledTimes(1)
    expect(callback).not.toHaveBeenCalled()
  })

  test.each(forms)('tells onError nothing when the caller has aborted: $form', async ({ wrap, unwrap }) => {
    const callback = spy()
    const job = { name: 'job', signal: AbortSignal.abort() }
    const stream = unwrap(await run([onError(callback)], async () => wrap(breakingStream()), job))
    await stream.next()
    await expect(stream.next()).rejects.toBe(failure)
    expect(callback).not.toHaveBeenCalled()
  })

  test('is a success when it opens, for onSuccess and onFinish', async () => {
    const [success, finish] = [spy(), spy()]
    const stream = breakingStream()
    expect(await run([onSuccess(success), onFinish(finish)], async () => stream)).toBe(stream)
    expect(success).toHaveBeenCalledExactlyOnceWith(stream, expect.objectContaining(JOB))
    expect(finish).toHaveBeenCalledExactlyOnceWith([null, stream, true], expect.objectContaining(JOB))
  })

  test.each([undefined, null, 'text', { output: 'text' }, { data: [] }])('is not seen in %j', async (result) => {
    expect(await run([onError(spy())], async () => result)).toBe(result)
  })
})
