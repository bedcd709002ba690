import { describe, expect, test } from 'vitest'
import { codeOfStatus, fromRPCErrorJSON, isRPCErrorJSON, RPCError, toReceivedError, toRPCError } from './error.ts'

const WIRE = { defined: true, code: 'TEAPOT', status: 418, message: 'short and stout', data: { a: 1 } }

describe('RPCError', () => {
  test('takes status and message from a known code', () => {
    const error = new RPCError('NOT_FOUND')
    expect(error).toMatchObject({ code: 'NOT_FOUND', status: 404, message: 'Not Found', defined: false })
    expect(error.name).toBe('RPCError')
    expect(error.data).toBeUndefined()
  })

  test('takes 500 and the code itself for a code of the user', () => {
    expect(new RPCError('OUT_OF_TEA')).toMatchObject({ status: 500, message: 'OUT_OF_TEA' })
  })

  test('does not take the names of inherited properties for known codes', () => {
    expect(new RPCError('constructor')).toMatchObject({ status: 500, message: 'constructor' })
  })

  test('prefers what is given to what is known', () => {
    const cause = new Error('why')
    const error = new RPCError('NOT_FOUND', { status: 410, message: '', data: 7, defined: true, cause })
    expect(error).toMatchObject({ status: 410, message: '', data: 7, defined: true, cause })
  })

  test.each([399, 600, 200, 404.5, Number.NaN])('refuses %s as a status', (status) => {
    expect(() => new RPCError('X', { status })).toThrow(RangeError)
  })

  test('goes over the wire without its cause and its stack', () => {
    const error = new RPCError('TEAPOT', { ...WIRE, cause: new Error('secret') })
    expect(JSON.stringify(error)).toBe(
      '{"defined":true,"code":"TEAPOT","status":418,"message":"short and stout","data":{"a":1}}',
    )
  })

  test('has no cause unless one was given', () => {
    expect('cause' in new RPCError('X')).toBe(false)
  })
})

describe('instanceof RPCError', () => {
  test('recognises errors of another copy of the package', () => {
    const foreign = Object.defineProperty(new Error('x'), Symbol.for('headwater.RPCError'), { value: true })
    expect(foreign instanceof RPCError).toBe(true)
  })

  test.each([[new Error('x')], [WIRE], [null], ['RPCError'], [undefined]])('is false for %s', (value) => {
    expect((value as unknown) instanceof RPCError).toBe(false)
  })

  test('means for a subclass what it means in the language', () => {
    class Special extends RPCError {}
    expect(new Special('X') instanceof Special).toBe(true)
    expect(new Special('X') instanceof RPCError).toBe(true)
    expect(new RPCError('X') instanceof Special).toBe(false)
  })
})

describe('toRPCError', () => {
  test('leaves an RPCError as it is', () => {
    const error = new RPCError('CONFLICT')
    expect(toRPCError(error)).toBe(error)
  })

  test.each([[new Error('password is 1234')], ['a string'], [undefined]])(
    'hides what else was thrown: %s',
    (thrown) => {
      const error = toRPCError(thrown)
      expect(error.toJSON()).toEqual({
        defined: false,
        code: 'INTERNAL_SERVER_ERROR',
        status: 500,
        message: 'Internal server error',
        data: undefined,
      })
      expect(error.cause).toBe(thrown)
    },
  )
})

describe('an error from the wire', () => {
  test('is thrown as it was sent', () => {
    const error = fromRPCErrorJSON(WIRE)
    expect(error).toBeInstanceOf(RPCError)
    expect(error.toJSON()).toEqual(WIRE)
  })

  test('cannot bring a cause along', () => {
    expect(fromRPCErrorJSON({ ...WIRE, cause: 'forged' } as typeof WIRE).cause).toBeUndefined()
  })

  test('is recognised with and without data', () => {
    const { data: _, ...withoutData } = WIRE
    expect(isRPCErrorJSON(WIRE)).toBe(true)
    expect(isRPCErrorJSON(withoutData)).toBe(true)
  })

  test.each([
    null,
    'TEAPOT',
    [],
    {},
    { ...WIRE, code: 1 },
    { ...WIRE, status: '418' },
    { ...WIRE, status: 200 },
    { ...WIRE, status: Number.POSITIVE_INFINITY },
    { ...WIRE, message: undefined },
    { ...WIRE, defined: 'yes' },
  ])('is not recognised in %j', (value) => {
    expect(isRPCErrorJSON(value)).toBe(false)
  })
})

describe('toReceivedError', () => {
  test('gives the error that was sent', () => {
    expect(toReceivedError(WIRE).toJSON()).toEqual(WIRE)
  })

  test.each([null, undefined, 'oops', { ...WIRE, status: 200 }])('wraps what is no error of ours: %j', (value) => {
    const error = toReceivedError(value)
    expect(error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR', status: 500, defined: false })
    expect(error.data).toBe(value)
  })
})

describe('codeOfStatus', () => {
  test.each([
    [404, 'NOT_FOUND'],
    [429, 'TOO_MANY_REQUESTS'],
    [503, 'SERVICE_UNAVAILABLE'],
    [418, 'BAD_REQUEST'],
    [599, 'INTERNAL_SERVER_ERROR'],
  ])('makes %i %s', (status, code) => {
    expect(codeOfStatus(status)).toBe(code)
  })

  test('does not take any 410 for a gap', () => {
    expect(codeOfStatus(410)).toBe('BAD_REQUEST')
  })
})
