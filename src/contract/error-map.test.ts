import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { RPCError } from '../core/error.ts'
import { createErrorConstructors } from './error-map.ts'

const errors = createErrorConstructors({
  TEAPOT: { status: 418, message: 'short and stout', data: z.object({ size: z.number() }) },
  NOT_FOUND: {},
  GONE: undefined,
  OUT_OF_TEA: { message: 'no tea' },
})

describe('the error constructors of a contract', () => {
  test('make a defined error with status and message of the contract', () => {
    const error = errors.TEAPOT({ data: { size: 1 } })
    expect(error).toBeInstanceOf(RPCError)
    expect(error.toJSON()).toEqual({
      defined: true,
      code: 'TEAPOT',
      status: 418,
      message: 'short and stout',
      data: { size: 1 },
    })
  })

  test('fall back on what is known of the code', () => {
    expect(errors.NOT_FOUND()).toMatchObject({ defined: true, status: 404, message: 'Not Found', data: undefined })
    expect(errors.GONE()).toMatchObject({ defined: true, status: 500, message: 'GONE' })
    expect(errors.OUT_OF_TEA()).toMatchObject({ status: 500, message: 'no tea' })
  })

  test('take a message and a cause of their own', () => {
    const cause = new Error('why')
    expect(errors.OUT_OF_TEA({ message: 'none at all', cause })).toMatchObject({ message: 'none at all', cause })
    expect(errors.NOT_FOUND({ message: undefined })).toMatchObject({ message: 'Not Found' })
  })

  test('make a new error each time', () => {
    expect(errors.NOT_FOUND()).not.toBe(errors.NOT_FOUND())
  })

  test('exist for what is declared and for nothing else', () => {
    expect(Object.keys(errors)).toEqual(['TEAPOT', 'NOT_FOUND', 'GONE', 'OUT_OF_TEA'])
    expect('constructor' in errors).toBe(false)
    expect('toString' in errors).toBe(false)
  })

  test('may have any code, those that objects inherit too', () => {
    const odd = createErrorConstructors({ constructor: { status: 409 }, ['__proto__']: { status: 410 } })
    expect(Object.values(odd).map((create) => create().status)).toEqual([409, 410])
  })
})
