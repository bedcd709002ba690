import { describe, expect, test } from 'vitest'
import { rejection } from '../../test/tools/probes.ts'
import { RPCError } from '../core/error.ts'
import { getEventMeta } from '../event/event-meta.ts'
import { formatMessage } from '../wire/message.ts'
import { type CustomSerializer, Serializer } from '../wire/serializer.ts'
import { EventFormat } from './event-format.ts'
import { StoredEvent } from './stored-event.ts'

const AFTER = { epoch: 'abc', offset: 4, tag: 'before' }
const ID = 'abc:5:tag'

function stored(data: string, serializer: Serializer = new Serializer()): StoredEvent {
  return new StoredEvent(AFTER, { offset: 5, tag: 'tag', data }, new EventFormat('c', serializer))
}

function storedValue(value: unknown, ...customSerializers: CustomSerializer[]): StoredEvent {
  const serializer = new Serializer({ customSerializers })
  return stored(formatMessage(serializer.encode(value)), serializer)
}

class Money {
  readonly cents: number

  constructor(cents: number) {
    this.cents = cents
  }
}

const money: CustomSerializer = {
  type: 20,
  condition: (value) => value instanceof Money,
  serialize: ({ cents }: Money) => cents,
  deserialize: (cents: number) => new Money(cents),
}

describe('a stored event', () => {
  test('knows its place and the one before it', () => {
    const event = stored('{"json":1}')
    expect(event.after).toEqual(AFTER)
    expect(event.position).toEqual({ epoch: 'abc', offset: 5, tag: 'tag' })
  })

  test('carries its id as meta', () => {
    expect(getEventMeta(storedValue({ text: 'hi' }).value())).toEqual({ id: ID })
    expect(getEventMeta(storedValue([1, 2]).value())).toEqual({ id: ID })
    expect(getEventMeta(storedValue(new Date(0)).value())).toEqual({ id: ID })
    expect(getEventMeta(storedValue(new Map([[1, 2]])).value())).toEqual({ id: ID })
  })

  test('of plain JSON is one object for all, frozen to its depths', () => {
    const event = storedValue({ text: 'hi', deep: [{ er: { est: null } }] })
    const value = event.value() as any
    expect(value).toEqual({ text: 'hi', deep: [{ er: { est: null } }] })
    expect(event.value()).toBe(value)
    for (const part of [value, value.deep, value.deep[0], value.deep[0].er]) expect(Object.isFrozen(part)).toBe(true)
  })

  test.each([null, 'text', '', 0, 42, true, false])('may be a mere %j', (value) => {
    const event = storedValue(value)
    expect([event.value(), event.value()]).toEqual([value, value])
  })

  test('may be undefined, NaN or a bigint', () => {
    expect(storedValue(undefined).value()).toBeUndefined()
    expect(storedValue(Number.NaN).value()).toBeNaN()
    expect(storedValue(12n).value()).toBe(12n)
  })

  test.each([
    ['a Date', () => ({ at: new Date(5) })],
    ['a Map', () => ({ deep: [new Map([['a', 1]])] })],
    ['a Set', () => [new Set([1])]],
    ['a URL', () => ({ url: new URL('https://example.com/') })],
    ['a RegExp', () => ({ pattern: /a/g })],
  ])('with %s in it is decoded for each subscriber and left thawed', (_, make) => {
    const event = storedValue(make())
    const [first, second] = [event.value(), event.value()]
    expect(first).toEqual(make())
    expect(second).toEqual(make())
    expect(second).not.toBe(first)
    expect(Object.isFrozen(first)).toBe(false)
    expect(getEventMeta(first)).toEqual(getEventMeta(second))
  })

  test('with a Date in it is not changed for one subscriber by another', () => {
    const event = storedValue({ at: new Date(5), list: ['a'] })
    const first = event.value() as { at: Date; list: string[] }
    first.at.setTime(99)
    first.list.push('b')
    expect(event.value()).toEqual({ at: new Date(5), list: ['a'] })
  })

  test("with a type of the user's own is decoded for each subscriber", () => {
    const event = storedValue({ price: new Money(5) }, money)
    const [first, second] = [event.value(), event.value()] as [{ price: Money }, { price: Money }]
    expect(first.price).toBeInstanceOf(Money)
    expect(first.price).not.toBe(second.price)
    expect(Object.isFrozen(first.price)).toBe(false)
  })

  test("never freezes an object of the user's own that a custom type stands for", () => {
    const users = { 7: { name: 'Ada', seen: 0 } }
    const user: CustomSerializer = {
      type: 21,
      condition: (value) => value === users[7],
      serialize: () => 7,
      deserialize: (id: 7) => users[id],
    }
    const { author } = storedValue({ author: users[7] }, user).value() as { author: object }
    expect(author).toBe(users[7])
    expect(Object.isFrozen(users[7])).toBe(false)
  })

  test('pollutes no prototype', () => {
    const value = stored('{"json":{"__proto__":{"admin":true}}}').value() as { admin?: boolean }
    expect(value.admin).toBeUndefined()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })
})

describe('a record that does not decode', () => {
  test.each([
    ['no JSON', '{'],
    ['no message', '[]'],
    ['nothing', ''],
    ['a type that this process does not know', '{"json":1,"meta":[[20]]}'],
    ['a value without the form of its type', '{"json":1,"meta":[[1]]}'],
    ['a nesting without end', `{"json":${'['.repeat(80)}${']'.repeat(80)}}`],
  ])('is unreadable and says which it is: %s', async (_, data) => {
    const event = stored(data)
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await rejection((async () => event.value())())
      expect(error).toBeInstanceOf(RPCError)
      expect(error).toMatchObject({ code: 'EVENT_UNREADABLE', status: 500, data: { id: ID } })
      expect(error.cause).toBeDefined()
    }
  })

  test("is unreadable too when the user's own decoder throws", async () => {
    const broken: CustomSerializer = {
      ...money,
      deserialize: () => {
        throw new Error('No such currency')
      },
    }
    const error = await rejection((async () => storedValue(new Money(5), broken).value())())
    expect(error).toMatchObject({ code: 'EVENT_UNREADABLE', cause: { cause: new Error('No such currency') } })
  })
})
