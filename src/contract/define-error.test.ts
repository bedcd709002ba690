import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { RPCError } from '../core/error.ts'
import { defineError } from './define-error.ts'

const ERRORS = {
  TEAPOT: { status: 418, data: z.object({ size: z.string().transform(Number) }) },
  NOT_FOUND: {},
}

async function define(error: unknown): Promise<RPCError> {
  return (await defineError(ERRORS, error)) as RPCError
}

describe('an error of the contract', () => {
  test('is defined, with the data as the schema gives them, thrown where it was thrown', async () => {
    const cause = new Error('why')
    const thrown = new RPCError('TEAPOT', { status: 418, message: 'short', data: { size: '1' }, cause })
    const error = await define(thrown)
    expect(error.toJSON()).toEqual({ defined: true, code: 'TEAPOT', status: 418, message: 'short', data: { size: 1 } })
    expect([error.cause, error.stack]).toEqual([cause, thrown.stack])
    expect(thrown).toMatchObject({ defined: false, data: { size: '1' } })
  })

  test('is left as it is when there is nothing to change', async () => {
    const thrown = new RPCError('NOT_FOUND', { defined: true, data: 'kept' })
    expect(await define(thrown)).toBe(thrown)
  })

  test.each([
    ['data that do not fit', new RPCError('TEAPOT', { status: 418, defined: true, data: { size: 1 } })],
    ['another status', new RPCError('TEAPOT', { status: 500, defined: true, data: { size: '1' } })],
    ['another status than the known one', new RPCError('NOT_FOUND', { status: 410, defined: true })],
    ['a code of another contract', new RPCError('CONFLICT', { defined: true })],
    ['a code that every object inherits', new RPCError('constructor', { defined: true })],
  ])('it is not with %s', async (_, thrown) => {
    const error = await define(thrown)
    expect(error.toJSON()).toEqual({ ...thrown.toJSON(), defined: false })
    expect(error.stack).toBe(thrown.stack)
  })
})

test.each([new Error('x'), 'text', undefined])('what is no RPCError stays what it is: %s', async (thrown) => {
  expect(await defineError(ERRORS, thrown)).toBe(thrown)
})
