import { describe, expect, test } from 'vitest'
import { expectMalformed } from '../../test/tools/expect-malformed.ts'
import { formatEvent, formatMessage, parseMessage } from './message.ts'
import { Serializer } from './serializer.ts'

const serializer = new Serializer()
const text = new File(['hello'], 'hello.txt', { type: 'text/plain' })

describe('a message as text', () => {
  test.each([
    [undefined, '{}'],
    [null, '{"json":null}'],
    [{ a: 1 }, '{"json":{"a":1}}'],
    [1n, '{"json":"1","meta":[[0]]}'],
  ])('says no more than there is to say: %s', (value, expected) => {
    expect(formatMessage(serializer.encode(value))).toBe(expected)
    expect(parseMessage(serializer, expected)).toEqual(value)
  })

  test('may hold more than it needs to', () => {
    expect(parseMessage(serializer, ' {"meta":[],"json":1,"other":2} ')).toBe(1)
  })

  test.each([
    '',
    '{',
    'undefined',
    'null',
    '1',
    '"text"',
    '[]',
    '[{"json":1}]',
    '{"json":1,"meta":{}}',
    '{"room":"7"}',
  ])('is malformed as %j', (message) => {
    expectMalformed(() => parseMessage(serializer, message))
  })

  test('brings no files along', () => {
    expect(parseMessage(serializer, '{"json":{"f":{}},"maps":[["f"]]}')).toEqual({ f: {} })
  })
})

describe('a message that an event carries', () => {
  test('is the message as text', () => {
    expect(formatEvent(serializer, { at: new Date(0) })).toBe(
      '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":[[1,"at"]]}',
    )
    expect(formatEvent(serializer, undefined)).toBe('{}')
  })

  test.each([{ value: text }, { value: { list: [new Blob(['x'])] } }])('cannot have a file in it', ({ value }) => {
    expect(() => formatEvent(serializer, value)).toThrow(TypeError)
  })
})
