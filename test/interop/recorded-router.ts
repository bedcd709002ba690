import { z } from 'zod'
import { nativeTypes } from '../tools/native-types.ts'

/** Builders of either side: the recorded procedures are written once and served by both implementations. */
interface Builders {
  readonly os: any
  readonly createError: (code: string, options: { readonly message?: string; readonly data?: unknown }) => Error
  readonly withEventMeta: <Value extends object>(
    value: Value,
    meta: { id?: string; retry?: number; comments?: string[] },
  ) => Value
}

export const NATIVE: Readonly<Record<string, unknown>> = nativeTypes()

/** The router behind the recordings in `test/wire`. */
export function createRecordedRouter({ os, createError, withEventMeta }: Builders): Record<string, any> {
  return {
    echo: os.handler(({ input }: { input: unknown }) => input),
    nested: { native: os.handler(() => NATIVE) },
    undef: os.handler(() => undefined),
    validated: os.input(z.object({ a: z.number() })).handler(({ input }: { input: unknown }) => input),
    typedError: os
      .errors({ TEAPOT: { status: 418, message: 'short and stout', data: z.object({ a: z.date() }) } })
      .handler(({ errors }: { errors: { TEAPOT: (options: unknown) => Error } }) => {
        throw errors.TEAPOT({ data: { a: new Date(0) } })
      }),
    plainError: os.handler(() => {
      throw createError('NOT_FOUND', { message: 'no such thing', data: { id: 1n } })
    }),
    secretError: os.handler(() => {
      throw new Error('password=hunter2')
    }),
    stream: os.handler(async function* ({ input, lastEventId }: { input: unknown; lastEventId?: string }) {
      yield { input, lastEventId }
      yield withEventMeta({ at: new Date(0) }, { id: '7', retry: 100, comments: ['c1'] })
      yield 'multi\nline'
      return { bye: true }
    }),
    clientStream: os.handler(async ({ input }: { input: AsyncGenerator<unknown, unknown> }) => {
      const received: unknown[] = []
      for (;;) {
        const { done, value } = await input.next()
        if (done) return { received, end: value }
        received.push(value)
      }
    }),
    streamVoid: os.handler(async function* () {
      yield 1
    }),
    streamError: os.handler(async function* () {
      yield 1
      throw createError('CONFLICT', { message: 'nope', data: { x: 1n } })
    }),
    streamSecret: os.handler(async function* () {
      yield 1
      throw new Error('password=hunter2')
    }),
  }
}
