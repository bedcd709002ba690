import { expect, test } from 'vitest'
import { isEventSource } from './event-iterator.ts'
import { mapEventIterator } from './map-event-iterator.ts'

async function* source(): AsyncGenerator<number> {}

test('isEventSource recognises what iterates asynchronously', () => {
  expect(isEventSource(source())).toBe(true)
  expect(isEventSource(mapEventIterator(source(), {}))).toBe(true)
})

test.each<[string, unknown]>([
  ['null', null],
  ['text', 'text'],
  ['an array', [1]],
  ['a synchronous iterator', new Map().values()],
  ['an iterator that cannot be iterated', { next: () => {} }],
  ['a generator function', source],
])('isEventSource does not recognise %s', (_, value) => {
  expect(isEventSource(value)).toBe(false)
})

test('isEventSource does not recognise what can be iterated but is no iterator, such as a body', () => {
  expect(isEventSource(new ReadableStream())).toBe(false)
})
