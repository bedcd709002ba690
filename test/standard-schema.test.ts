import { type as arktype } from 'arktype'
import * as valibot from 'valibot'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { eventIterator, type InferInput, type InferOutput } from '../src/contract/index.ts'
import { createRouterClient, os, type RPCError } from '../src/server/index.ts'

/** The same schema in three libraries: a title of at least one character, trimmed on its way through. */
const schemas = {
  zod: z.object({ title: z.string().trim().min(1) }),
  valibot: valibot.object({ title: valibot.pipe(valibot.string(), valibot.trim(), valibot.minLength(1)) }),
  arktype: arktype({ title: 'string.trim |> string >= 1' }),
}

describe.each(Object.entries(schemas))('a schema of %s', (_, schema) => {
  const router = {
    echo: os.input(schema).handler(({ input }) => input),
    wrong: os.output(schema).handler(() => ({ title: 5 }) as never),
    stream: os.output(eventIterator(schema)).handler(async function* () {
      yield { title: ' one ' }
      yield { title: 5 } as never
    }),
  }
  const client = createRouterClient(router)

  test('lets through what fits, as the schema makes it', async () => {
    expect(await client.echo({ title: ' Hello ' })).toEqual({ title: 'Hello' })
  })

  test('refuses input that does not fit, and says what is wrong', async () => {
    const error = await client
      .echo({ title: ' ' })
      .catch((error: unknown) => error as RPCError<string, { issues: unknown[] }>)
    expect(error).toMatchObject({ code: 'BAD_REQUEST', data: { issues: [{ message: expect.any(String) }] } })
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ data: { issues: [{ path: expect.anything() }] } })
    await expect(client.echo(null as never)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('guards the output and every event of a stream', async () => {
    await expect(client.wrong()).rejects.toMatchObject({ message: 'Output validation failed' })
    const stream = await client.stream()
    expect((await stream.next()).value).toEqual({ title: 'one' })
    await expect(stream.next()).rejects.toMatchObject({ name: 'ValidationError' })
  })
})

test('types are those of the libraries', () => {
  expectTypeOf<InferInput<typeof schemas.zod>>().toEqualTypeOf<{ title: string }>()
  expectTypeOf<InferOutput<typeof schemas.valibot>>().toEqualTypeOf<{ title: string }>()
  expectTypeOf<InferOutput<typeof schemas.arktype>>().toEqualTypeOf<{ title: string }>()
})
