import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import type { CallOptions } from '../contract/procedure-client.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { Publisher } from '../publisher/publisher.ts'
import { os } from './builder.ts'
import type { Procedure } from './procedure.ts'
import { createRouterClient } from './router-client.ts'

let warn: MockInstance<typeof console.warn>

beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
})
afterEach(() => {
  warn.mockRestore()
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
})

async function resume(chat: Procedure<object>, options: CallOptions = { lastEventId: '7' }): Promise<unknown[]> {
  const output = await createRouterClient({ chat }, { context: {} }).chat(undefined, options)
  const events: unknown[] = []
  if (isEventSource(output)) for await (const event of output) events.push(event)
  return events
}

async function* countTo(end: number, start = 0): AsyncGenerator<number> {
  for (let n = start + 1; n <= end; n++) yield n
}

describe('a stream that resumes', () => {
  test('warns once per procedure when nothing reads the id, and gives its events', async () => {
    const deaf = os.handler(() => countTo(2))
    expect(await resume(deaf)).toEqual([1, 2])
    await resume(deaf)
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toMatch(/stream chat .*lastEventId/)
    await resume(os.handler(() => countTo(2)))
    expect(warn).toHaveBeenCalledTimes(2)
  })

  test('warns when it ends without an event, too', async () => {
    await resume(os.handler(() => countTo(0)))
    expect(warn).toHaveBeenCalledTimes(1)
  })

  test.each<[string, Procedure<object>]>([
    ['the handler', os.handler(({ lastEventId }) => countTo(9, Number(lastEventId)))],
    [
      'the generator, when it begins to run',
      os.handler(async function* (options) {
        await null
        yield* countTo(9, Number(options.lastEventId))
      }),
    ],
    [
      'a middleware',
      os
        .use(({ lastEventId, next }) => next({ context: { start: Number(lastEventId) } }))
        .handler(({ context }) => countTo(9, context.start)),
    ],
  ])('does not warn when %s reads the id', async (_, procedure) => {
    expect(await resume(procedure)).toEqual([8, 9])
    expect(warn).not.toHaveBeenCalled()
  })

  test('warns behind middleware that does not read it', async () => {
    await resume(os.use(({ next }) => next()).handler(() => countTo(1)))
    expect(warn).toHaveBeenCalledTimes(1)
  })

  test('keeps its position while it is watched', async () => {
    const publisher = new Publisher<{ news: { n: number } }>(new MemoryLog())
    const live = os.handler(({ signal }) => publisher.subscribe('news', { signal }))
    const stream = await createRouterClient({ live }).live(undefined, { lastEventId: '7' })
    const { '~position': position } = stream as { '~position'?: { ready: Promise<unknown>; cursor(): string } }
    await position?.ready
    expect(position?.cursor()).toMatch(/:/)
    await stream.return(undefined)
    await publisher.close()
  })
})

describe('nothing is watched', () => {
  const deaf = () => os.handler(() => countTo(1))

  test('for a stream that does not resume, and for a plain answer', async () => {
    await resume(deaf(), {})
    await resume(os.handler(() => 1))
    expect(warn).not.toHaveBeenCalled()
  })

  test('in production', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    await resume(deaf())
    expect(warn).not.toHaveBeenCalled()
  })

  test('where there is no process', async () => {
    vi.stubGlobal('process', undefined)
    await resume(deaf())
    expect(warn).not.toHaveBeenCalled()
  })
})
