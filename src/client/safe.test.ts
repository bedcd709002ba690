import { describe, expect, test } from 'vitest'
import { RPCError } from '../core/error.ts'
import { isDefinedError, safe } from './safe.ts'

describe('safe', () => {
  test('gives the output of a call that succeeded, by name and by position', async () => {
    const result = await safe(Promise.resolve(7))
    expect({ ...result }).toMatchObject({ error: null, data: 7, isDefined: false, isSuccess: true })
    expect([...result]).toEqual([null, 7, false, true])
  })

  test('gives an output that is falsy as a success', async () => {
    for (const output of [undefined, null, 0, '', false]) {
      const { data, error, isSuccess } = await safe(Promise.resolve(output))
      expect({ data, error, isSuccess }).toEqual({ data: output, error: null, isSuccess: true })
    }
  })

  test('gives a declared error as defined', async () => {
    const failure = new RPCError('TAKEN', { defined: true, data: { by: 'me' } })
    const result = await safe(Promise.reject(failure))
    expect(result.error).toBe(failure)
    expect([...result]).toEqual([failure, undefined, true, false])
    expect({ ...result }).toMatchObject({ error: failure, data: undefined, isDefined: true, isSuccess: false })
  })

  test('gives any other error as not defined', async () => {
    for (const failure of [new RPCError('TAKEN'), new Error('offline'), new DOMException('left', 'AbortError')]) {
      const result = await safe(Promise.reject(failure))
      expect([...result]).toEqual([failure, undefined, false, false])
      expect(result.error).toBe(failure)
    }
  })

  test('says that a call failed whatever it was rejected with', async () => {
    for (const reason of ['left', 0, undefined, null]) {
      const { isSuccess, isDefined, data } = await safe(Promise.reject(reason))
      expect({ isSuccess, isDefined, data }).toEqual({ isSuccess: false, isDefined: false, data: undefined })
    }
  })

  test('gives an Error whatever a call was rejected with, as its type promises', async () => {
    for (const reason of ['left', 0, undefined, null]) {
      const { error } = await safe(Promise.reject(reason))
      expect(error).toBeInstanceOf(Error)
    }
  })
})

describe('isDefinedError', () => {
  test('is true for declared errors alone', () => {
    expect(isDefinedError(new RPCError('TAKEN', { defined: true }))).toBe(true)
    expect(isDefinedError(new RPCError('TAKEN'))).toBe(false)
    expect(isDefinedError(new Error('offline'))).toBe(false)
    expect(isDefinedError({ defined: true, code: 'TAKEN' })).toBe(false)
    expect(isDefinedError(undefined)).toBe(false)
  })
})
