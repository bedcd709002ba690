import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nativeTypes } from '../../test/tools/native-types.ts'
import { formatMessage, parseMessage } from './message.ts'
import { type CustomSerializer, isPrototypeKey, Serializer } from './serializer.ts'

interface Recording {
  readonly name: string
  readonly request: { readonly body: string }
  readonly response: { readonly body: string }
}

const serializer = new Serializer()
const recordings: Recording[] = JSON.parse(readFileSync(new URL('../../test/wire/http.json', import.meta.url), 'utf8'))

/** Through text, as it crosses the wire. */
function roundTrip(value: unknown, over = serializer): unknown {
  return parseMessage(over, formatMessage(over.encode(value)))
}

/** What the reference's client was given in the recorded calls; `undefined` in those that are not named here. */
const INPUTS: Readonly<Record<string, unknown>> = {
  'echo object': { a: 1, b: [true, null, 'x'] },
  'echo native types': nativeTypes(),
  'validation failure': { a: 'x' },
  stream: { q: new Date(0) },
  'stream resumed': { q: 1 },
  'stream aborted by return()': {},
}

describe('the recorded traffic of the reference', () => {
  test('holds every input that is named here', () => {
    expect(recordings.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(INPUTS)))
  })

  test.each(recordings)('request of "$name": encodes to the recorded bytes', ({ name, request }) => {
    expect(formatMessage(serializer.encode(INPUTS[name]))).toBe(request.body)
  })

  test.each(recordings)('request of "$name": decodes to the input', ({ name, request }) => {
    const expected = name === 'echo native types' ? { ...nativeTypes(), inf: null } : INPUTS[name]
    expect(parseMessage(serializer, request.body)).toStrictEqual(expected)
  })

  test.each(recordings.filter(({ response }) => response.body.startsWith('{')))(
    'response of "$name": decodes and encodes to the same bytes',
    ({ response }) => {
      expect(formatMessage(serializer.encode(parseMessage(serializer, response.body)))).toBe(response.body)
    },
  )
})

const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.boolean(),
  fc.constantFrom(null, Number.NaN, /a+/gi, /^\/[/\n]$/s, /(?:)/),
  fc.double({ noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.webUrl({ withQueryParameters: true, withFragments: true }).map((url) => new URL(url)),
)
const key = fc.string({ unit: 'binary' }).filter((key) => !isPrototypeKey(key))
const { value: anyValue, item: anyItem } = fc.letrec((tie) => {
  const items = fc.array(tie('item'), { maxLength: 5 })
  return {
    item: fc.oneof(fc.constant(undefined), tie('value')),
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'medium' },
      leaf,
      items,
      items.map((items) => new Set(items)),
      fc.array(fc.tuple(tie('item'), tie('item')), { maxLength: 4 }).map((entries) => new Map(entries)),
      fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    ),
  }
})

describe('a round trip', () => {
  test('gives back any value of native types, however nested', () => {
    fc.assert(
      fc.property(anyItem, (value) => {
        expect(roundTrip(value)).toStrictEqual(value)
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  test('puts nothing but JSON on the wire', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const { json } = serializer.encode(value)
        expect(JSON.parse(JSON.stringify(json))).toStrictEqual(json)
      }),
      { seed: 2 },
    )
  })

  test('keeps the order of sets and maps', () => {
    const value = roundTrip({ set: new Set([3n, 1n, 2n]), map: new Map([['b', 1n]]).set('a', 2n) }) as {
      set: Set<bigint>
      map: Map<string, bigint>
    }
    expect([...value.set]).toEqual([3n, 1n, 2n])
    expect([...value.map.keys()]).toEqual(['b', 'a'])
  })

  test('keeps the holes of an array as undefined', () => {
    const sparse = [1]
    sparse[2] = 3
    expect(roundTrip(sparse)).toStrictEqual([1, undefined, 3])
  })

  test('makes an instance what its toJSON says, or an object of its properties', () => {
    class Money {
      toJSON(): unknown {
        return { cents: 12n }
      }
    }
    class Point {
      at = new Date(0)
      x = 1
    }
    expect(roundTrip([new Money(), new Point()])).toStrictEqual([{ cents: 12n }, { at: new Date(0), x: 1 }])
  })

  test('leaves out functions and symbols, as JSON does', () => {
    expect(roundTrip({ a: 1, f: () => 1, s: Symbol('x'), toJSON: () => 'never asked' })).toStrictEqual({ a: 1 })
  })

  test('keeps an own __proto__ key and touches no prototype', () => {
    const hostile: unknown = JSON.parse('{"__proto__":{"polluted":true},"at":1}')
    const value = roundTrip({ hostile, at: new Date(0) }) as { hostile: object }
    expect(JSON.stringify(value.hostile)).toBe('{"__proto__":{"polluted":true},"at":1}')
    expect(Object.getPrototypeOf(value.hostile)).toBe(Object.prototype)
    expect({}).not.toHaveProperty('polluted')
  })

  test('encodes beside an own __proto__ key without touching a prototype', () => {
    const value = Object.defineProperty({ at: 1n }, '__proto__', { value: { n: 1n }, enumerable: true })
    const { json } = serializer.encode(value)
    expect(JSON.stringify(json)).toBe('{"at":"1","__proto__":{"n":"1"}}')
    expect(Object.getPrototypeOf(json)).toBe(Object.prototype)
  })
})

describe('encoding', () => {
  test.each(['{"text":"a","n":1}', '{"list":[1,[2,{"three":null}]]}', '[]', '[{"a":1}]', '"text"', 'null'])(
    'passes plain JSON on as it is: %s',
    (text) => {
      const value: unknown = JSON.parse(text)
      const { json, meta, files } = serializer.encode(value)
      expect(json).toBe(value)
      expect(meta).toEqual([])
      expect(files).toEqual([])
    },
  )

  test('copies only what leads to something that JSON lacks', () => {
    const value = { plain: { a: [1] }, list: [{ b: 1 }, { at: 1n }] }
    const { json } = serializer.encode(value) as { json: typeof value }
    expect(json.plain).toBe(value.plain)
    expect(json.list[0]).toBe(value.list[0])
    expect(json.list[1]).toEqual({ at: '1' })
  })

  test('lists the files with their paths, and puts empty objects in their places', () => {
    const [blob, file] = [new Blob(['a']), new File(['b'], 'b.txt')]
    expect(serializer.encode({ blob, list: [1, file] })).toEqual({
      json: { blob: {}, list: [1, {}] },
      meta: [],
      files: [
        { path: ['blob'], file: blob },
        { path: ['list', 1], file },
      ],
    })
  })

  test('does not change its input', () => {
    const value = nativeTypes()
    const frozen = Object.freeze({ ...value, arr: Object.freeze([undefined, 1n]), nested: Object.freeze(value.nested) })
    serializer.encode(value)
    serializer.encode(frozen)
    expect(value).toStrictEqual(nativeTypes())
  })
})

class Money {
  readonly cents: bigint
  constructor(cents: bigint) {
    this.cents = cents
  }
}

const money: CustomSerializer = {
  type: 20,
  condition: (value) => value instanceof Money,
  serialize: ({ cents }: Money) => ({ cents }),
  deserialize: ({ cents }: { cents: bigint }) => new Money(cents),
}

describe('custom serializers', () => {
  const own = new Serializer({ customSerializers: [money] })

  test('carry a type of the user, whatever stands around and inside it', () => {
    const value = [new Money(1n), new Set([new Money(2n)]), new Map([[new Money(3n), { price: new Money(4n) }]])]
    expect(roundTrip(value, own)).toStrictEqual(value)
    expect(roundTrip(new Money(5n), own)).toStrictEqual(new Money(5n))
  })

  test('come before the native types', () => {
    const date: CustomSerializer = {
      type: 21,
      condition: (value) => value instanceof Date,
      serialize: (value: Date) => value.getTime(),
      deserialize: (value: number) => new Date(value),
    }
    const encoded = new Serializer({ customSerializers: [date] }).encode(new Date(5))
    expect(formatMessage(encoded)).toBe('{"json":5,"meta":[[21]]}')
  })

  test.each([0, 19, -1, 20.5, Number.NaN])('cannot have the type %s, which is not theirs', (type) => {
    expect(() => new Serializer({ customSerializers: [{ ...money, type }] })).toThrow(RangeError)
  })

  test('cannot share a type', () => {
    expect(() => new Serializer({ customSerializers: [money, { ...money }] })).toThrow(RangeError)
  })
})
