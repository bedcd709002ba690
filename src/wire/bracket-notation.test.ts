import { describe, expect, test } from 'vitest'
import { formatBrackets, parseBrackets } from './bracket-notation.ts'

const parse = (query: string) => parseBrackets(new URLSearchParams(query))

describe('parseBrackets', () => {
  test.each([
    ['a=1', { a: '1' }],
    ['a=1&a=2', { a: ['1', '2'] }],
    ['a[]=1', { a: ['1'] }],
    ['a[b]=1&a[c][]=2', { a: { b: '1', c: ['2'] } }],
    ['a[1]=x', { a: [undefined, 'x'] }],
    ['a[1000]=x', { a: { 1000: 'x' } }],
    ['a[0]=x&a[b]=y', { a: { 0: 'x', b: 'y' } }],
    ['a[][b]=1&a[][b]=2', { a: [{ b: '1' }, { b: '2' }] }],
    ['a[0][b]=1&a[0][c]=2', { a: [{ b: '1', c: '2' }] }],
    ['0=a&1=b', { 0: 'a', 1: 'b' }],
    ['[a]=1', { '[a]': '1' }],
    ['a[b=1', { 'a[b': '1' }],
    ['a]=1', { 'a]': '1' }],
    ['a=1&a[b]=2', { a: { b: '2', '': '1' } }],
    ['a[01]=x', { a: { '01': 'x' } }],
  ])('reads %s', (query, value) => {
    expect(parse(query)).toEqual(value)
  })

  test('refuses more than 10,000 fields', () => {
    const fields = Array.from({ length: 10_001 }, (_, n) => [`a${n}`, '1'] as const)
    expect(() => parseBrackets(fields)).toThrow('more than 10000 fields')
    expect(Object.keys(parseBrackets(fields.slice(1)))).toHaveLength(10_000)
  })

  test('refuses keys that lead to a prototype', () => {
    for (const key of ['__proto__', 'constructor', 'prototype'])
      expect(() => parse(`a[${key}][x]=1`)).toThrow('prototype')
  })
})

describe('formatBrackets', () => {
  test('writes what is read back', () => {
    const value = { a: '1', tags: ['x', 'y'], at: { x: '1', list: [{ b: '2' }] }, file: new File(['x'], 'x') }
    expect(parseBrackets(formatBrackets(value))).toEqual(value)
  })

  test('leaves out what a form cannot say', () => {
    expect(formatBrackets({ a: null, b: undefined, c: [1, null, 2] })).toEqual([
      ['c[0]', 1],
      ['c[2]', 2],
    ])
  })
})
