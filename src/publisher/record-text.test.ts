import { expect, test } from 'vitest'
import { formatRecord, parseRecord } from './record-text.ts'

test('a record comes back with its tag', () => {
  for (const data of ['', '{"json":1}', 'é😀']) {
    expect(parseRecord(formatRecord('abc123', { data }))).toEqual({ tag: 'abc123', data })
  }
})

test('what is no record, or one of a later version, is refused', () => {
  for (const text of ['', '1', '1abc', '2abc123{}', '{"json":1}']) {
    expect(() => parseRecord(text)).toThrow(/a form that this version does not know/)
  }
})
