import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type, ValidationError, validate } from './schema.ts'

describe('validate', () => {
  test('gives what the schema makes of the value', () => {
    const schema = z.object({ n: z.string().transform(Number) })
    expect(validate(schema, { n: '4' })).toMatchObject({ value: { n: 4 } })
  })

  test('gives the issues of a value that does not fit', async () => {
    const result = await validate(z.object({ n: z.number() }), { n: 'x' })
    expect(result.issues?.map(({ path }) => path)).toEqual([['n']])
  })

  test('is a promise only where the schema is asynchronous', async () => {
    expect(validate(z.string(), 'a')).not.toBeInstanceOf(Promise)
    const result = validate(
      z.string().refine(async () => true),
      'a',
    )
    expect(result).toBeInstanceOf(Promise)
    expect(await result).toMatchObject({ value: 'a' })
  })
})

describe('type()', () => {
  test('passes every value on as it is', () => {
    const value = { any: 'thing' }
    expect(validate(type<{ any: string }>(), value)).toEqual({ value })
    expect((validate(type<{ any: string }>(), value) as { value: unknown }).value).toBe(value)
  })

  test('maps the value', () => {
    expect(validate(type<string, number>(Number), '4')).toEqual({ value: 4 })
  })

  test('waits for a map that is asynchronous', async () => {
    expect(
      await validate(
        type<string, number>(async (text) => Number(text)),
        '4',
      ),
    ).toEqual({ value: 4 })
  })

  test('lets through what the map throws', async () => {
    const failure = new Error('no')
    const sync = type<string, number>(() => {
      throw failure
    })
    const async = type<string, number>(() => Promise.reject(failure))
    expect(() => validate(sync, 'x')).toThrow(failure)
    await expect(validate(async, 'x')).rejects.toBe(failure)
  })
})

test('a ValidationError carries its issues', () => {
  const error = new ValidationError('no good', [{ message: 'too short', path: ['name'] }])
  expect(error).toMatchObject({ name: 'ValidationError', message: 'no good' })
  expect(error.issues).toEqual([{ message: 'too short', path: ['name'] }])
})
