import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { type InferInput, type InferOutput, type Schema, type } from './schema.ts'

test('a schema gives the type that it accepts and the type that it returns', () => {
  const date = z.object({ at: z.string().transform((text) => new Date(text)) })
  expectTypeOf<InferInput<typeof date>>().toEqualTypeOf<{ at: string }>()
  expectTypeOf<InferOutput<typeof date>>().toEqualTypeOf<{ at: Date }>()
})

test('a schema that says nothing of its types accepts and gives unknown', () => {
  expectTypeOf<InferInput<Schema>>().toBeUnknown()
  expectTypeOf<InferOutput<Schema>>().toBeUnknown()
})

test('type() names a type without a schema library', () => {
  const room = type<{ roomId: string }>()
  expectTypeOf<InferInput<typeof room>>().toEqualTypeOf<{ roomId: string }>()
  expectTypeOf<InferOutput<typeof room>>().toEqualTypeOf<{ roomId: string }>()
})

test('type() takes a map, synchronous or not, from the input to the output', () => {
  const count = type<string, number>((text) => text.length)
  expectTypeOf<InferInput<typeof count>>().toBeString()
  expectTypeOf<InferOutput<typeof count>>().toBeNumber()
  type<string, number>(async (text) => text.length)
})

test('type() demands a map where the input is not an output already', () => {
  // @ts-expect-error: nothing makes a number of the string
  type<string, number>()
  // @ts-expect-error: the map gives no number
  type<string, number>((text) => text)
})

test('type() demands a map that takes every member of a union', () => {
  type<string | number, string>(String)
  // @ts-expect-error: a number is no string, and nothing makes it one
  type<string | number, string>()
  // @ts-expect-error: the input may be a string as well
  type<string | number, string>((value: number) => value.toFixed())
})

test('what is no Standard Schema is refused', () => {
  // @ts-expect-error: a plain object is no schema
  const schema: Schema = { parse: () => 1 }
  return schema
})
