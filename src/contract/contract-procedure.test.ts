import { describe, expect, test } from 'vitest'
import { oc } from './builder.ts'
import { extendRoute, isContractProcedure } from './contract-procedure.ts'

describe('isContractProcedure', () => {
  test('tells a procedure from a tree', () => {
    expect(isContractProcedure(oc)).toBe(true)
    expect(isContractProcedure({ '~headwater': oc['~headwater'] })).toBe(true)
    expect(isContractProcedure({ procedure: oc })).toBe(false)
  })

  test.each([null, undefined, 'text', () => oc])('is false for %s', (value) => {
    expect(isContractProcedure(value)).toBe(false)
  })
})

describe('extendRoute', () => {
  test.each([
    ['/api', '/list', '/api/list'],
    ['/api/', '/list', '/api/list'],
    ['/api//', '/list', '/api/list'],
    ['/api', '/', '/api'],
    ['/', '/list', '/list'],
    ['/', '/', '/'],
    ['/api/v1', '/{id}', '/api/v1/{id}'],
  ] as const)('puts under %s the path %s: %s', (prefix, path, expected) => {
    expect(extendRoute({ path }, prefix, []).path).toBe(expected)
  })

  test('invents no path where there is none', () => {
    expect(extendRoute({ method: 'GET' }, '/api', [])).toEqual({ method: 'GET' })
  })

  test('puts the tags before those of the route', () => {
    expect(extendRoute({ tags: ['own'] }, undefined, ['a', 'b']).tags).toEqual(['a', 'b', 'own'])
    expect(extendRoute({}, undefined, ['a']).tags).toEqual(['a'])
    expect(extendRoute({ tags: ['own'] }, undefined, []).tags).toEqual(['own'])
  })

  test('keeps everything else, and the route itself as it was', () => {
    const route = Object.freeze({
      method: 'GET',
      path: '/a',
      summary: 'A',
      deprecated: true,
      successStatus: 201,
    } as const)
    expect(extendRoute(route, '/api', ['t'])).toEqual({ ...route, path: '/api/a', tags: ['t'] })
  })
})
