import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type as plain, type Schema } from '../core/schema.ts'
import { coerce } from './coerce.ts'
import { toJSONSchema } from './json-schema.ts'

test('zod describes the types that JSON lacks', () => {
  const schema = z.object({
    at: z.date().optional(),
    big: z.bigint(),
    set: z.set(z.number()),
    map: z.map(z.string(), z.date()),
    url: z.instanceof(URL),
    file: z.file().mime('image/png'),
    blob: z.instanceof(Blob),
    text: z.string().transform(Number),
  })
  expect(toJSONSchema(schema, 'input').properties).toMatchObject({
    at: { type: 'string', format: 'date-time', 'x-native-type': 'date' },
    big: { type: 'string', 'x-native-type': 'bigint' },
    set: { type: 'array', items: { type: 'number' }, 'x-native-type': 'set' },
    map: {
      type: 'array',
      items: { prefixItems: [{ type: 'string' }, { 'x-native-type': 'date' }] },
      'x-native-type': 'map',
    },
    url: { type: 'string', format: 'uri', 'x-native-type': 'url' },
    file: { type: 'string', format: 'binary', contentMediaType: 'image/png' },
    blob: { type: 'string', format: 'binary' },
    text: { type: 'string' },
  })
  expect(toJSONSchema(schema, 'output').properties.text).toEqual({})
})

test('arktype does so too', () => {
  const schema = toJSONSchema(type({ at: 'Date', big: 'bigint', file: 'File', n: 'string.numeric.parse' }), 'input')
  expect(schema.properties).toMatchObject({
    at: { 'x-native-type': 'date' },
    big: { 'x-native-type': 'bigint' },
    file: { format: 'binary' },
    n: { type: 'string' },
  })
})

test('valibot is described by its own converter', () => {
  const schema = v.object({
    n: v.pipe(v.number(), v.minValue(1)),
    at: v.optional(v.date()),
    big: v.bigint(),
    tags: v.set(v.string()),
    odd: v.custom<'odd'>((value) => value === 'odd'),
  })
  expect(toJSONSchema(toStandardJsonSchema(schema), 'input')).toMatchObject({
    type: 'object',
    required: ['n', 'big', 'tags', 'odd'],
    properties: {
      n: { type: 'number', minimum: 1 },
      at: { 'x-native-type': 'date' },
      big: { 'x-native-type': 'bigint' },
      tags: { 'x-native-type': 'set' },
    },
  })
})

test('valibot is described by a converter, and what is not described is anything', () => {
  const schema = v.object({ n: v.number() })
  const convert = (schema: Schema) =>
    (schema as { type?: string }).type === 'object'
      ? { type: 'object', properties: { n: { type: 'number' } } }
      : undefined
  expect(toJSONSchema(schema, 'input')).toEqual({})
  expect(toJSONSchema(schema, 'input', [convert])).toMatchObject({ properties: { n: { type: 'number' } } })
  expect(toJSONSchema(plain<string>(), 'input')).toEqual({})
})

const coerceBy = (schema: Schema, value: unknown) => coerce(toJSONSchema(schema, 'input'), value)

test.each([
  [z.number(), '1.5', 1.5],
  [z.number(), '1e3', 1000],
  [z.number(), '0x10', '0x10'],
  [z.number(), '', ''],
  [z.int(), 'abc', 'abc'],
  [z.boolean(), 'on', true],
  [z.boolean(), 'off', false],
  [z.boolean(), 'yes', 'yes'],
  [z.bigint(), '12', 12n],
  [z.date(), '2020-01-01', new Date('2020-01-01')],
  [z.date(), '5', '5'],
  [z.date(), '2020-13-45', '2020-13-45'],
  [z.array(z.number()), '1', [1]],
  [z.set(z.number()), ['1', '2'], new Set([1, 2])],
  [z.map(z.string(), z.number()), [['a', '1']], new Map([['a', 1]])],
  [z.record(z.string(), z.number()), { a: '1' }, { a: 1 }],
  [z.tuple([z.number(), z.boolean()]), ['1', 'true'], [1, true]],
  [z.union([z.string(), z.number()]), '1', '1'],
  [z.union([z.number(), z.date()]), '2020-01-01', new Date('2020-01-01')],
  [z.number().nullable(), 'null', null],
  [z.literal(5), '5', 5],
  [z.enum(['1', '2']), '1', '1'],
  [
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a'), n: z.number() }),
      z.object({ kind: z.literal('b'), n: z.boolean() }),
    ]),
    { kind: 'b', n: 'true' },
    { kind: 'b', n: true },
  ],
  [z.intersection(z.object({ a: z.number() }), z.object({ b: z.number() })), { a: '1', b: '2' }, { a: 1, b: 2 }],
  [z.object({ n: z.number().default(1) }), { n: '2', more: '3' }, { n: 2, more: '3' }],
])('coerces by schema %#', (schema, value, coerced) => {
  expect(coerceBy(schema, value)).toEqual(coerced)
})

test('coerces in schemas that contain themselves', () => {
  const tree = z.object({
    n: z.number(),
    get kids() {
      return z.array(tree).optional()
    },
  })
  expect(coerceBy(tree, { n: '1', kids: [{ n: '2' }] })).toEqual({ n: 1, kids: [{ n: 2 }] })
})
