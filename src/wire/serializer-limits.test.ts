import { describe, expect, test } from 'vitest'
import { RPCError } from '../core/error.ts'
import { type EncodedFile, Serializer } from './serializer.ts'

const serializer = new Serializer()
const FILE = new File(['x'], 'x.txt')

interface Message {
  readonly json?: unknown
  readonly meta?: unknown
  readonly files?: readonly EncodedFile[]
}

function decode({ json, meta, files = [] }: Message, by = serializer): unknown {
  return by.decode({ json, meta, files })
}

/** The message is refused with a clear BAD_REQUEST, and no prototype has been touched. */
function expectRefused(message: Message, by = serializer): void {
  let thrown: unknown
  try {
    decode(message, by)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(RPCError)
  expect(thrown).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('Malformed message: ') })
  expect({}).not.toHaveProperty('polluted')
}

/** A value inside so many arrays. */
function nest(levels: number, value: unknown = 1): unknown {
  let nested = value
  for (let level = 0; level < levels; level++) nested = [nested]
  return nested
}

function canEncode(value: unknown): boolean {
  try {
    serializer.encode(value)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return false
  }
}

describe('a path of the other side', () => {
  const proto: unknown = JSON.parse('{"__proto__":{"polluted":"1"},"constructor":{"prototype":{"polluted":"1"}}}')

  test.each([
    { path: ['__proto__'], json: proto },
    { path: ['__proto__', 'polluted'], json: proto },
    { path: ['__proto__', 'polluted'], json: {} },
    { path: ['constructor'], json: { constructor: '1' } },
    { path: ['constructor', 'prototype', 'polluted'], json: proto },
    { path: ['constructor', 'prototype', 'polluted'], json: {} },
    { path: ['a', 'prototype'], json: { a: { prototype: '1' } } },
    { path: ['list', '__proto__', 'polluted'], json: { list: [] } },
    { path: ['toString'], json: {} },
    { path: ['missing'], json: {} },
    { path: ['a', 'b'], json: { a: null } },
    { path: ['text', 0], json: { text: 'abc' } },
    { path: ['text', 'length'], json: { text: 'abc' } },
    { path: ['list', 'length'], json: { list: ['1'] } },
    { path: ['list', '0'], json: { list: ['1'] } },
    { path: ['list', 1], json: { list: ['1'] } },
    { path: ['list', -1], json: { list: ['1'] } },
    { path: ['list', 0.5], json: { list: ['1'] } },
    { path: [0], json: { 0: '1' } },
    { path: [null], json: { null: '1' } },
    { path: [['a']], json: { a: '1' } },
    { path: [{}], json: { '[object Object]': '1' } },
    { path: ['a'], json: undefined },
  ])('is refused where it leads to no own value: $path', ({ path, json }) => {
    expectRefused({ json, meta: [[0, ...path]] })
    expectRefused({ json, files: [{ path: path as string[], file: FILE }] })
  })

  test('does not lead into a value that has been revived', () => {
    expectRefused({
      json: { at: '1970-01-01', set: [['1']] },
      meta: [
        [1, 'at'],
        [1, 'at'],
      ],
    })
    expectRefused({
      json: { set: [['1']] },
      meta: [
        [6, 'set'],
        [0, 'set', 0, 0],
      ],
    })
  })

  test('takes the names of inherited properties where they are own', () => {
    expect(decode({ json: { toString: '1', hasOwnProperty: '2' }, meta: [[0, 'toString']] })).toEqual({
      toString: 1n,
      hasOwnProperty: '2',
    })
  })
})

describe('meta that does not follow the protocol', () => {
  test.each([
    [0, 12],
    [0, ''],
    [0, '1.5'],
    [0, '0x10'],
    [0, ' 1'],
    [0, null],
    [1, 0],
    [1, null],
    [4, 'not a url'],
    [4, {}],
    [5, 1],
    [5, 'no slashes'],
    [5, '/('],
    [5, '/(/'],
    [5, '/a/zz'],
    [6, {}],
    [6, 'abc'],
    [7, {}],
    [7, [1]],
    [7, [['a', 1, 2]]],
    [7, ['ab']],
  ])('type %i: refuses %j', (type, json) => {
    expectRefused({ json, meta: [[type]] })
    expectRefused({ json: { a: [json] }, meta: [[type, 'a', 0]] })
  })

  test.each([8, 19, 20, -1, 1.5, '1', null, [], {}])('refuses the unknown type %j', (type) => {
    expectRefused({ json: 'x', meta: [[type]] })
  })

  test.each([null, {}, 'meta', 1, { length: 0 }, ['x'], [null], [{}], [[]]])(
    'refuses %j for the whole of it',
    (meta) => {
      expectRefused({ json: 'x', meta })
    },
  )

  test('makes what a custom serializer refuses a malformed message', () => {
    const own = new Serializer({
      customSerializers: [
        {
          type: 20,
          condition: () => false,
          serialize: String,
          deserialize: (value: { deep: { er: unknown } }) => value.deep.er,
        },
      ],
    })
    expectRefused({ json: {}, meta: [[20]] }, own)
  })
})

describe('limits', () => {
  const undefineds = (count: number): Message => ({
    json: Array(count).fill(null),
    meta: Array.from({ length: count }, (_, index) => [3, index]),
  })

  test('accepts 10,000 meta entries and no more', () => {
    expect(decode(undefineds(10_000))).toEqual(Array(10_000).fill(undefined))
    expectRefused(undefineds(10_001))
  })

  test('accepts as many meta entries as it is told to', () => {
    const strict = new Serializer({ maxMeta: 2 })
    expect(decode(undefineds(2), strict)).toEqual([undefined, undefined])
    expectRefused(undefineds(3), strict)
  })

  test('accepts a nesting of 64 and no more', () => {
    expect(decode({ json: nest(64) })).toEqual(nest(64))
    expectRefused({ json: nest(65) })
    expectRefused({ json: { a: nest(10_000) } })
  })

  test('encodes a nesting of 64 and no more', () => {
    expect([63, 64, 65, 66].map((levels) => canEncode(nest(levels)))).toEqual([true, true, false, false])
  })

  test.each([{ value: 1n }, { value: [] }, { value: {} }, { value: new Set() }, { value: new Map([['a', 1]]) }])(
    'accepts what it encodes, to the last level: $value',
    ({ value }) => {
      const levels = [61, 62, 63, 64, 65].filter((levels) => canEncode(nest(levels, value)))
      expect(levels).toContain(61)
      for (const level of levels) {
        expect(decode(serializer.encode(nest(level, value)))).toStrictEqual(nest(level, value))
      }
    },
  )

  test('nests as deeply as it is told to', () => {
    const shallow = new Serializer({ maxDepth: 2 })
    expect(decode(shallow.encode(nest(2)), shallow)).toEqual(nest(2))
    expect(() => shallow.encode(nest(3))).toThrow(TypeError)
    expectRefused({ json: nest(3) }, shallow)
  })

  test('refuses a bigint that takes too long to parse', () => {
    expect(decode({ json: '1'.repeat(4096), meta: [[0]] })).toBe(BigInt('1'.repeat(4096)))
    expectRefused({ json: '1'.repeat(4097), meta: [[0]] })
    expectRefused({ json: `-${'1'.repeat(1_000_000)}`, meta: [[0]] })
  })
})

describe('a circular value', () => {
  const object: Record<string, unknown> = {}
  object['list'] = [{ object }]
  object['again'] = object
  const array: unknown[] = []
  array.push(array, array)
  const map = new Map<string, unknown>()
  map.set('a', map)
  const set = new Set<unknown>()
  set.add(set)

  test.each([
    ['object', object],
    ['array', array],
    ['map', map],
    ['set', set],
  ])('is refused clearly: %s', (_, value) => {
    expect(() => serializer.encode(value)).toThrow(TypeError)
    expect(() => serializer.encode(value)).toThrow(/circular/)
  })

  test('does not overflow the stack where toJSON gives the object itself', () => {
    class Self {
      n = 1
      toJSON(): this {
        return this
      }
    }
    expect(() => serializer.encode(new Self())).not.toThrow(RangeError)
  })
})
