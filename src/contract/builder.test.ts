import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { oc } from './builder.ts'
import { type ContractDefinition, type ContractRouter, isContractProcedure } from './contract-procedure.ts'

const input = z.object({ id: z.string() })
const output = z.string()

function definitionOf(contract: ContractRouter): ContractDefinition {
  if (!isContractProcedure(contract)) throw new Error('Expected a procedure')
  return contract['~headwater']
}

describe('a contract', () => {
  test('is one from the start, without any promises', () => {
    expect(definitionOf(oc)).toEqual({ route: {}, meta: {}, errors: {}, input: undefined, output: undefined })
  })

  test('holds what it was given, in whatever order', () => {
    const contracts = [
      oc.errors({ NOT_FOUND: {} }).meta({ a: 1 }).route({ method: 'GET' }).input(input).output(output),
      oc.output(output).input(input).route({ method: 'GET' }).meta({ a: 1 }).errors({ NOT_FOUND: {} }),
    ]
    for (const contract of contracts) {
      expect(definitionOf(contract)).toEqual({
        route: { method: 'GET' },
        meta: { a: 1 },
        errors: { NOT_FOUND: {} },
        input,
        output,
      })
      expect(definitionOf(contract).input).toBe(input)
    }
  })

  test('adds errors, meta and route to those before; the later ones win', () => {
    const contract = oc
      .errors({ A: { status: 400 }, B: { status: 401 } })
      .errors({ B: { status: 402 }, C: {} })
      .meta({ a: 1, b: 1 })
      .meta({ b: 2 })
      .route({ method: 'GET', path: '/a', tags: ['x'] })
      .route({ path: '/b', summary: 'B' })
    expect(definitionOf(contract)).toMatchObject({
      errors: { A: { status: 400 }, B: { status: 402 }, C: {} },
      meta: { a: 1, b: 2 },
      route: { method: 'GET', path: '/b', tags: ['x'], summary: 'B' },
    })
  })

  test('replaces a schema by a later one', () => {
    expect(definitionOf(oc.input(output).input(input)).input).toBe(input)
    expect(definitionOf(oc.output(input).output(output)).output).toBe(output)
  })

  test('is not changed by what is built on it', () => {
    const base = oc.errors({ A: {} }).meta({ a: 1 }).route({ path: '/a' }).input(input)
    const before = structuredClone({ ...definitionOf(base), input: undefined })
    base.errors({ B: {} }).meta({ b: 1 }).route({ path: '/b' }).input(output).output(output)
    base.prefix('/p').tag('t').router({ base })
    expect({ ...definitionOf(base), input: undefined }).toEqual(before)
    expect(definitionOf(base).input).toBe(input)
    expect(definitionOf(oc).errors).toEqual({})
  })
})

describe('a router', () => {
  const list = oc.route({ path: '/list', tags: ['own'] }).errors({ NOT_FOUND: { status: 410 } })
  const bare = oc.input(input).meta({ m: 1 })

  test('is the tree as it was when nothing is added', () => {
    const router = oc.router({ a: { list }, bare })
    expect(Object.keys(router)).toEqual(['a', 'bare'])
    expect(definitionOf(router.a.list)).toEqual(definitionOf(list))
    expect(definitionOf(router.bare)).toEqual(definitionOf(bare))
  })

  test('gives its errors to every procedure, whose own ones win', () => {
    const router = oc.errors({ NOT_FOUND: {}, UNAUTHORIZED: {} }).router({ a: { list }, bare })
    expect(definitionOf(router.a.list).errors).toEqual({ NOT_FOUND: { status: 410 }, UNAUTHORIZED: {} })
    expect(definitionOf(router.bare)).toEqual({
      ...definitionOf(bare),
      errors: { NOT_FOUND: {}, UNAUTHORIZED: {} },
    })
  })

  test('puts its prefix and its tags on every procedure', () => {
    const router = oc.prefix('/api').tag('a', 'b').router({ list, bare })
    expect(definitionOf(router.list).route).toEqual({ path: '/api/list', tags: ['a', 'b', 'own'] })
    expect(definitionOf(router.bare).route).toEqual({ tags: ['a', 'b'] })
    expect(definitionOf(router.bare)).toMatchObject({ input, meta: { m: 1 } })
  })

  test('may be a single procedure', () => {
    expect(definitionOf(oc.prefix('/api').router(list)).route.path).toBe('/api/list')
  })

  test('stands inside the routers around it', () => {
    const inner = oc
      .errors({ A: { status: 401 } })
      .prefix('/inner')
      .tag('inner')
      .router({ list })
    const outer = oc.tag('outer').prefix('/outer').router({ inner })
    const outermost = oc.errors({ A: { status: 402 }, B: {} }).router({ outer })
    expect(definitionOf(outermost.outer.inner.list)).toMatchObject({
      route: { path: '/outer/inner/list', tags: ['outer', 'inner', 'own'] },
      errors: { A: { status: 401 }, B: {}, NOT_FOUND: { status: 410 } },
    })
  })

  test.each([
    [['/a', '/b'], '/a/b/list'],
    [['/a/', '/b'], '/a/b/list'],
    [['/a/', '/b/'], '/a/b/list'],
    [['/', '/b'], '/b/list'],
    [['/a', '/'], '/a/list'],
  ] as const)('joins the prefixes %j', ([first, second], path) => {
    expect(definitionOf(oc.prefix(first).prefix(second).router({ list }).list).route.path).toBe(path)
  })

  test('adds tags to those before', () => {
    expect(definitionOf(oc.tag('a').tag('b', 'c').router({ bare }).bare).route.tags).toEqual(['a', 'b', 'c'])
  })

  test('leaves the tree that it was given as it is', () => {
    const tree = Object.freeze({ nested: Object.freeze({ list }) })
    const router = oc.prefix('/api').router(tree)
    expect(router.nested).not.toBe(tree.nested)
    expect(definitionOf(tree.nested.list).route.path).toBe('/list')
  })

  test('lets its procedures be built on', () => {
    const router = { list: oc.prefix('/api').router({ list }).list }
    expect(definitionOf(oc.prefix('/v1').router(router).list).route.path).toBe('/v1/api/list')
  })

  test('may use any name, those that objects inherit too', () => {
    const tree = { constructor: list, ['__proto__']: list }
    const router = oc.prefix('/api').router(tree)
    expect(Object.keys(router)).toEqual(['constructor', '__proto__'])
    expect(Object.getPrototypeOf(router)).toBe(Object.prototype)
    expect(definitionOf(router.constructor).route.path).toBe('/api/list')
  })
})
