import { describe, expect, test } from 'vitest'
import { compare } from './sightings.ts'

const whole = { lost: [], repeated: [], disordered: [] }

describe('what went missing', () => {
  test('is nothing where both have seen the same', () => {
    expect(compare(['a', 'b', 'c'], ['a', 'b', 'c'], 0)).toEqual({ ...whole, expected: 3 })
  })

  test('begins with the first event that both have seen', () => {
    expect(compare(['a', 'b', 'c'], ['b', 'c'], 0)).toEqual({ ...whole, expected: 2 })
    expect(compare(['b', 'c'], ['a', 'b', 'c'], 0)).toEqual({ ...whole, expected: 2 })
  })

  test('is told event by event: lost, repeated, out of order', () => {
    expect(compare(['a', 'b', 'c', 'd'], ['a', 'd', 'c', 'c'], 0)).toEqual({
      expected: 4,
      lost: ['b'],
      repeated: ['c'],
      disordered: ['c'],
    })
  })

  test('is all of it where nothing arrived', () => {
    expect(compare(['a', 'b'], [], 0)).toEqual({ ...whole, expected: 2, lost: ['a', 'b'] })
  })

  test('is no loss where a gap was told', () => {
    expect(compare(['a', 'b', 'c'], ['a', 'c'], 1)).toEqual({ ...whole, expected: 3 })
  })

  test('counts equal events without ids', () => {
    expect(compare(['x', 'x', 'y', 'x'], ['x', 'x', 'y', 'x'], 0)).toEqual({ ...whole, expected: 4 })
    expect(compare(['x', 'x', 'y'], ['x', 'y'], 0)).toMatchObject({ lost: ['x'], repeated: [] })
  })
})
