import { describe, expect, test } from 'vitest'
import { os } from './builder.ts'
import { findProcedure, type Router } from './router.ts'

const ping = os.handler(() => 'pong')
const callable = os.handler(() => 'called').callable()
const router = { ping, callable, deep: { deeper: { ping } } }

describe('findProcedure', () => {
  test('finds procedures at any depth', () => {
    expect(findProcedure(router, ['ping'])).toBe(ping)
    expect(findProcedure(router, ['deep', 'deeper', 'ping'])).toBe(ping)
  })

  test('finds callable procedures', () => {
    expect(findProcedure(router, ['callable'])).toBe(callable)
  })

  test('finds a router that is a single procedure at the empty path', () => {
    expect(findProcedure(ping, [])).toBe(ping)
    expect(findProcedure(ping, ['ping'])).toBeUndefined()
  })

  test.each([
    ['nothing of that name', ['pong']],
    ['nothing below it', ['deep', 'pong']],
    ['a branch, not a procedure', ['deep']],
    ['the whole tree', []],
    ['the empty name', ['']],
    ['the path written as one name', ['deep.deeper.ping']],
    ['something below a procedure', ['ping', 'callable']],
    ['the inside of a procedure', ['ping', '~headwater']],
    ['the handler of a procedure', ['ping', '~headwater', 'handler']],
    ['the inside of a callable procedure', ['callable', '~headwater']],
    ['the members of a callable procedure', ['callable', 'call']],
  ])('does not find %s', (_, path) => {
    expect(findProcedure(router, path)).toBeUndefined()
  })

  test.each(['toString', '__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'valueOf'])(
    'does not find what the router inherits as %s',
    (name) => {
      expect(findProcedure(router, [name])).toBeUndefined()
      expect(findProcedure(router, ['deep', name])).toBeUndefined()
      expect(findProcedure(router, [name, 'ping'])).toBeUndefined()
      expect(findProcedure(router, [name, name])).toBeUndefined()
    },
  )

  test('does not find procedures that the router inherits', () => {
    expect(findProcedure(Object.create(router) as Router, ['ping'])).toBeUndefined()
    expect(findProcedure({ deep: Object.create(router) as Router }, ['deep', 'ping'])).toBeUndefined()
  })

  test('finds a procedure that is really called constructor', () => {
    expect(findProcedure({ constructor: ping } as unknown as Router, ['constructor'])).toBe(ping)
  })

  test('does not trip over what is no router', () => {
    const odd = { nothing: null, text: 'ping', count: 7, list: [ping] }
    for (const name of Object.keys(odd)) {
      expect(findProcedure(odd as unknown as Router, [name])).toBeUndefined()
      expect(findProcedure(odd as unknown as Router, [name, 'ping'])).toBeUndefined()
    }
  })
})
