import { describe, expect, test, vi } from 'vitest'
import { type Interceptable, type Interceptor, intercept } from './interceptor.ts'

interface Job {
  readonly name: string
}
type Options = Job & Interceptable<string, Job>

const JOB: Job = { name: 'job' }
const failure = new Error('failed')
const succeed = async (): Promise<string> => 'done'
const fail = async (): Promise<string> => {
  throw failure
}

function run(
  interceptors: readonly Interceptor<Job, string>[],
  work: (job: Job) => Promise<string> = succeed,
): Promise<string> {
  return intercept(interceptors, JOB, work)
}

describe('intercept', () => {
  test('runs the work when there are no interceptors', async () => {
    expect(await run([])).toBe('done')
  })

  test('runs the interceptors around the work, the first one outermost', async () => {
    const steps: string[] = []
    const step =
      (name: string): Interceptor<Job, string> =>
      async ({ next }) => {
        steps.push(`${name} in`)
        const result = await next()
        steps.push(`${name} out`)
        return result
      }
    const work = async (): Promise<string> => {
      steps.push('work')
      return 'done'
    }
    expect(await run([step('a'), step('b')], work)).toBe('done')
    expect(steps).toEqual(['a in', 'b in', 'work', 'b out', 'a out'])
  })

  test('hands every interceptor the options', async () => {
    const names: string[] = []
    const look: Interceptor<Job, string> = ({ name, next }) => {
      names.push(name)
      return next()
    }
    await run([look, look])
    expect(names).toEqual(['job', 'job'])
  })

  test('lets an interceptor change options for the rest, not for those around it', async () => {
    const seen: string[] = []
    const look: Interceptor<Job, string> = async ({ name, next }) => {
      seen.push(name)
      const result = await next()
      seen.push(name)
      return result
    }
    const rename: Interceptor<Job, string> = ({ next }) => next({ name: 'renamed' })
    expect(await run([look, rename, look], async ({ name }) => name)).toBe('renamed')
    expect(seen).toEqual(['job', 'renamed', 'renamed', 'job'])
    expect(JOB).toEqual({ name: 'job' })
  })

  test('keeps the options that are not changed', async () => {
    const work = vi.fn(async (_job: { a: number; b: number }) => 'done')
    await intercept([({ next }) => next({ b: 3 }), ({ next }) => next({})], { a: 1, b: 2 }, work)
    expect(work.mock.lastCall?.[0]).toMatchObject({ a: 1, b: 3 })
  })

  test('lets an interceptor replace the result, or answer alone', async () => {
    const work = vi.fn(succeed)
    expect(await run([async ({ next }) => `${await next()}!`], work)).toBe('done!')
    expect(await run([async () => 'cached'], work)).toBe('cached')
    expect(work).toHaveBeenCalledTimes(1)
  })

  test('runs the rest again for an interceptor that calls next() twice', async () => {
    const work = vi.fn(succeed).mockRejectedValueOnce(failure)
    const inner = vi.fn(({ next }: Options) => next())
    expect(await run([({ next }) => next().catch(next), inner], work)).toBe('done')
    expect(inner).toHaveBeenCalledTimes(2)
  })

  test('lets an interceptor turn an error into a result', async () => {
    expect(await run([({ next }) => next().catch(() => 'saved')], fail)).toBe('saved')
    await expect(run([({ next }) => next()], fail)).rejects.toBe(failure)
  })
})
