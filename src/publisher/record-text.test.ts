import { expect, test } from 'vitest'
import { formatRecord, parseRecord } from './record-text.ts'

test('a record comes back with its tag, whatever its data', () => {
  for (const data of ['', '{"json":1}', '1\n\u{feff}é']) {
    expect(parseRecord(formatRecord('abc123', { data }))).toEqual({ tag: 'abc123', data })
  }
})

test('what a later version wrote, or somebody else, is at its place and has no data', () => {
  for (const text of ['2abc123{"json":1}', '', '1abc', '{"json":1}', '1ABC123{}'])
    expect(parseRecord(text)).toEqual({ tag: '-', data: '' })
})
