import { expect, test } from 'vitest'
import { z } from 'zod'
import type { JSONSchema } from '../../openapi/json-schema.ts'
import { exampleOf, meant, typeText } from './schema-text.ts'

const toJSONSchema = (schema: z.ZodType): JSONSchema => z.toJSONSchema(schema) as JSONSchema

test.each([
  [z.int(), 0],
  [z.number().positive(), 1],
  [z.int().min(3), 3],
  [z.int().max(-2), -2],
  [z.number().negative(), -1],
  [z.int().min(-5).max(5), 0],
  [z.int().default(7), 7],
  [z.enum(['red', 'green']), 'red'],
  [z.literal('only'), 'only'],
  [z.string().nullable(), ''],
  [z.union([z.boolean(), z.string()]), false],
  [z.tuple([z.string(), z.number()]), ['', 0]],
  [z.record(z.string(), z.number()), {}],
  [z.object({ name: z.string(), age: z.int(), nick: z.string().optional() }), { name: '', age: 0 }],
  [z.object({ chosen: z.object({ on: z.boolean() }) }), { chosen: { on: false } }],
])('case %#: a form begins with what the schema takes', (schema, example) => {
  const json = toJSONSchema(schema)
  expect(exampleOf(json, json)).toEqual(example)
  expect(schema.safeParse(example).success).toBe(true)
})

test('a schema that contains itself has an end', () => {
  interface Tree {
    readonly child: Tree
  }
  const tree: z.ZodType<Tree> = z.object({ child: z.lazy(() => tree) })
  const json = toJSONSchema(tree)
  expect(JSON.stringify(exampleOf(json, json))).toMatch(/^(\{"child":)+null\}+$/)
})

test.each([
  [z.array(z.int()), 'integer[]'],
  [z.union([z.string(), z.number(), z.string()]), 'string | number'],
  [z.string().nullable(), 'string | null'],
  [z.literal('on'), '"on"'],
  [z.iso.datetime(), 'date-time'],
  [z.unknown(), 'any'],
])('case %#: a type is told in a word or two', (schema, text) => {
  const json = toJSONSchema(schema)
  expect(typeText(json, json)).toBe(text)
})

test('what is meant of `T | null` is T, and of parts put together all of them', () => {
  const nullable = toJSONSchema(z.int().nullable())
  expect(meant(nullable, nullable)).toMatchObject({ schema: { type: 'integer' }, nullable: true })
  const both = toJSONSchema(z.intersection(z.object({ a: z.string() }), z.object({ b: z.int().optional() })))
  const { schema, nullable: isNullable } = meant(both, both)
  expect([Object.keys(schema['properties']), schema['required'], isNullable]).toEqual([['a', 'b'], ['a'], false])
})
