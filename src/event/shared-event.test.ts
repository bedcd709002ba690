import { expect, test, vi } from 'vitest'
import { isPlainJSON, isShared, oncePerEvent, shareEvent } from './shared-event.ts'

test('a shared event is frozen all the way down', () => {
  const event = shareEvent({ deep: { list: [{ a: 1 }] } })
  expect(isShared(event)).toBe(true)
  expect(Object.isFrozen(event.deep.list[0])).toBe(true)
})

test('what cannot be changed anyway is no shared event, and comes back', () => {
  expect([shareEvent('text'), shareEvent(null)]).toEqual(['text', null])
  expect(isShared('text')).toBe(false)
})

test('a function is called once for a shared event, whoever was asked about in between', () => {
  const make = vi.fn((event: unknown) => JSON.stringify(event))
  const once = oncePerEvent(make)
  const [one, other] = [shareEvent({ a: 1 }), shareEvent({ b: 2 })]
  expect([once(one), once(other), once(one), once(one)]).toEqual(['{"a":1}', '{"b":2}', '{"a":1}', '{"a":1}'])
  expect(make).toHaveBeenCalledTimes(2)
})

test('a function is called each time for an event that may still change', () => {
  const once = oncePerEvent((event) => JSON.stringify(event))
  const event = { a: 1 }
  expect(once(event)).toBe('{"a":1}')
  event.a = 2
  expect(once(event)).toBe('{"a":2}')
})

test('what a function throws is not kept', () => {
  const make = vi.fn((): string => {
    throw new Error('no')
  })
  const once = oncePerEvent(make)
  const event = shareEvent({})
  expect(() => once(event)).toThrow('no')
  expect(() => once(event)).toThrow('no')
  expect(make).toHaveBeenCalledTimes(2)
})

test.each([
  [{ a: [1, null, { b: 'x' }] }, true],
  [{ a: new Map() }, false],
  [[new Date()], false],
])('freezing protects %o: %s', (value, isProtected) => {
  expect(isPlainJSON(value)).toBe(isProtected)
})
