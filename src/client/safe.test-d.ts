import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { oc } from '../contract/builder.ts'
import type { ContractRouterClient } from '../contract/infer.ts'
import type { RPCError } from '../core/error.ts'
import { createClient } from './create-client.ts'
import type { Link } from './link.ts'
import { isDefinedError, safe } from './safe.ts'

const contract = oc.errors({ UNAUTHORIZED: {} }).router({
  plain: oc.output(z.number()),
  join: oc
    .errors({ TAKEN: { data: z.object({ since: z.string().transform((text) => new Date(text)) }) } })
    .output(z.object({ seats: z.number() })),
})

const client: ContractRouterClient<typeof contract> = createClient({} as Link)
const bare = { free: oc.output(z.number()) }
const bareClient: ContractRouterClient<typeof bare> = createClient({} as Link)

type JoinError = RPCError<'UNAUTHORIZED', undefined> | RPCError<'TAKEN', { since: Date }>

test('success and failure are told apart by name', async () => {
  const { error, data, isSuccess } = await safe(client.join())
  if (isSuccess) {
    expectTypeOf(data).toEqualTypeOf<{ seats: number }>()
    expectTypeOf(error).toBeNull()
  } else {
    expectTypeOf(data).toBeUndefined()
    expectTypeOf(error).toEqualTypeOf<JoinError | Error>()
  }
})

test('success and failure are told apart by the error itself', async () => {
  const { error, data } = await safe(client.join())
  if (error) expectTypeOf(data).toBeUndefined()
  else expectTypeOf(data).toEqualTypeOf<{ seats: number }>()
})

test('success and failure are told apart by position', async () => {
  const [error, data, isDefined, isSuccess] = await safe(client.join())
  if (isDefined) expectTypeOf(error).toEqualTypeOf<JoinError>()
  if (isSuccess) expectTypeOf(data).toEqualTypeOf<{ seats: number }>()
})

test('a declared error has its data by its code, as the schema gives it', async () => {
  const { error, isDefined } = await safe(client.join())
  if (!isDefined) return
  expectTypeOf(error).toEqualTypeOf<JoinError>()
  if (error.code === 'TAKEN') expectTypeOf(error.data).toEqualTypeOf<{ since: Date }>()
  else expectTypeOf(error.data).toBeUndefined()
  // @ts-expect-error: the contract declares no such error
  error.code === 'GONE'
})

test('the errors of the router are declared by each of its procedures', async () => {
  const { error, isDefined } = await safe(client.plain())
  if (isDefined) expectTypeOf(error).toEqualTypeOf<RPCError<'UNAUTHORIZED', undefined>>()
})

test('isDefinedError narrows what a call failed with to the declared errors', async () => {
  const { error } = await safe(client.join())
  if (isDefinedError(error)) expectTypeOf(error).toEqualTypeOf<JoinError>()
})

test('isDefinedError narrows an error of unknown type to RPCError', () => {
  try {
    throw new Error('unknown')
  } catch (error) {
    if (isDefinedError(error)) expectTypeOf(error).toEqualTypeOf<RPCError>()
  }
})

test('a contract that declares no errors fails with none that is defined', async () => {
  const { error, isDefined } = await safe(bareClient.free())
  if (isDefined) expectTypeOf(error).toBeNever()
  else expectTypeOf(error).toEqualTypeOf<Error | null>()
})

test('a promise that is no call fails with no error that is defined', async () => {
  const { error, data, isDefined } = await safe(Promise.resolve(1))
  if (isDefined) expectTypeOf(error).toBeNever()
  else expectTypeOf(error).toEqualTypeOf<Error | null>()
  expectTypeOf(data).toEqualTypeOf<number | undefined>()
})
