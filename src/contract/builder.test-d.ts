import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { RPCError } from '../core/error.ts'
import type { InferInput, InferOutput } from '../core/schema.ts'
import { oc } from './builder.ts'
import type { ContractProcedure, ContractRouter } from './contract-procedure.ts'
import type { InferError } from './error-map.ts'
import { eventIterator } from './event-iterator.ts'
import type { InferContractRouterInputs, InferContractRouterOutputs } from './infer.ts'

const when = z.object({ at: z.string().transform((text) => new Date(text)) })
const find = oc.input(z.object({ id: z.coerce.number<string>() })).output(when)
const watch = oc.input(z.object({ roomId: z.string() })).output(eventIterator(when, z.number()))

type ErrorsOf<Contract> = Contract extends ContractProcedure<infer _I, infer _O, infer Errors> ? Errors : never
type MetaOf<Contract> = Contract extends ContractProcedure<infer _I, infer _O, infer _E, infer Meta> ? Meta : never

test('a contract under construction is a contract at each step', () => {
  expectTypeOf(oc).toExtend<ContractRouter>()
  expectTypeOf(oc.route({ method: 'GET', path: '/stream' })).toExtend<ContractProcedure>()
  expectTypeOf(find).toExtend<ContractProcedure>()
  expectTypeOf({ deep: { find, watch } }).toExtend<ContractRouter>()
})

test('the inputs and outputs of a tree are inferred from its caller’s side', () => {
  const contract = { find, deep: { watch, anything: oc } }
  type Inputs = InferContractRouterInputs<typeof contract>
  type Outputs = InferContractRouterOutputs<typeof contract>
  expectTypeOf<Inputs['find']>().toEqualTypeOf<{ id: string }>()
  expectTypeOf<Inputs['deep']['watch']>().toEqualTypeOf<{ roomId: string }>()
  expectTypeOf<Inputs['deep']['anything']>().toBeUnknown()
  expectTypeOf<Outputs['find']>().toEqualTypeOf<{ at: Date }>()
  expectTypeOf<Outputs['deep']['anything']>().toBeUnknown()
  expectTypeOf<Outputs['deep']['watch']>().toExtend<AsyncIterator<{ at: Date }, number>>()
})

test('tag() and prefix() in either order keep the types of the router', () => {
  const router = { find, deep: { watch } }
  expectTypeOf(oc.tag('Chat').prefix('/chat').router(router)).toEqualTypeOf<typeof router>()
  expectTypeOf(oc.prefix('/chat').tag('Chat', 'Live').router(router)).toEqualTypeOf<typeof router>()
  expectTypeOf(oc.router(router)).toEqualTypeOf<typeof router>()
})

test('route() and meta() keep the input and the output', () => {
  const described = find.route({ summary: 'Finds' }).meta({ cache: true })
  expectTypeOf<InferInput<NonNullable<(typeof described)['~headwater']['input']>>>().toEqualTypeOf<{ id: string }>()
  expectTypeOf<InferOutput<NonNullable<(typeof described)['~headwater']['output']>>>().toEqualTypeOf<{ at: Date }>()
})

test('meta() adds to what was said before, and the last word wins', () => {
  const said = oc.meta({ cache: true, roles: ['user'] }).meta({ roles: 'admin' })
  expectTypeOf<MetaOf<typeof said>['cache']>().toBeBoolean()
  expectTypeOf<MetaOf<typeof said>['roles']>().toBeString()
})

test('errors() adds to those declared before, and the last word wins', () => {
  const contract = oc
    .errors({ TAKEN: { data: z.object({ by: z.string() }) }, GONE: {} })
    .errors({ TAKEN: { data: z.object({ since: z.number() }) } })
  expectTypeOf<InferError<ErrorsOf<typeof contract>>>().toEqualTypeOf<
    RPCError<'GONE', undefined> | RPCError<'TAKEN', { since: number }>
  >()
})

test('the errors of a router are merged into each of its procedures', () => {
  const router = oc
    .errors({ UNAUTHORIZED: {} })
    .router({ find, deep: { take: oc.errors({ TAKEN: { data: z.object({ by: z.string() }) } }) } })
  expectTypeOf<InferError<ErrorsOf<(typeof router)['find']>>>().toEqualTypeOf<RPCError<'UNAUTHORIZED', undefined>>()
  expectTypeOf<InferError<ErrorsOf<(typeof router)['deep']['take']>>>().toEqualTypeOf<
    RPCError<'UNAUTHORIZED', undefined> | RPCError<'TAKEN', { by: string }>
  >()
  expectTypeOf<InferContractRouterInputs<typeof router>['find']>().toEqualTypeOf<{ id: string }>()
  expectTypeOf<InferContractRouterOutputs<typeof router>['find']>().toEqualTypeOf<{ at: Date }>()
})

test('a procedure’s own declaration of an error wins over that of its router', () => {
  const router = oc
    .errors({ TAKEN: { data: z.object({ by: z.string() }) } })
    .router({ take: oc.errors({ TAKEN: { data: z.object({ by: z.number() }) } }) })
  expectTypeOf<InferError<ErrorsOf<(typeof router)['take']>>>().toEqualTypeOf<RPCError<'TAKEN', { by: number }>>()
})

test('the errors of a router reach it through tag() and prefix()', () => {
  const router = oc.errors({ UNAUTHORIZED: {} }).tag('Chat').prefix('/chat').router({ find })
  expectTypeOf<InferError<ErrorsOf<(typeof router)['find']>>>().toEqualTypeOf<RPCError<'UNAUTHORIZED', undefined>>()
})

test('what the builder cannot take is refused', () => {
  // @ts-expect-error: a path begins with a slash
  oc.route({ path: 'stream' })
  // @ts-expect-error: a prefix begins with a slash
  oc.prefix('chat')
  // @ts-expect-error: no such method
  oc.route({ method: 'FETCH' })
  // @ts-expect-error: a type is no schema
  oc.input(String)
  // @ts-expect-error: the data of an error is described by a schema
  oc.errors({ TAKEN: { data: { by: 'string' } } })
  // @ts-expect-error: a function is no contract
  oc.router({ find: () => 1 })
})
