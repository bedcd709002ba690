import { expect, test } from 'vitest'
import { formatLengths, parseWakeMessage } from './wake-message.ts'

/** As the script puts it together. */
const message = (data: readonly string[]): string =>
  `epoch 7 old new ${formatLengths(data.map((data) => ({ data })))}\n${data.join('')}`

test.each([
  ['one', ['{"json":1}']],
  ['several, one of them empty', ['a', '', 'bc']],
  ['line breaks, spaces and what is no single unit', ['a\n1 2', '👋\n', '\u0000é']],
])('a message gives back the records of its append: %s', (_, data) => {
  expect(parseWakeMessage(message(data))).toEqual({
    before: { epoch: 'epoch', offset: 7, tag: 'old' },
    last: { epoch: 'epoch', offset: 7 + data.length, tag: 'new' },
    records: data.map((data, index) => ({ offset: 8 + index, tag: 'new', data })),
  })
})

test('records that are long together are not sent', () => {
  const data = 'x'.repeat(40_000)
  expect(formatLengths([{ data }])).toBe('40000')
  expect(formatLengths([{ data }, { data }])).toBe('')
})

test.each([
  '',
  'c',
  '\n',
  'epoch 7 old new\n',
  'epoch 7 old new 3\nab',
  'epoch 7 old new 1\nab',
  'epoch 7 old new x\nab',
])('any other message only wakes: %j', (text) => expect(parseWakeMessage(text)).toBeUndefined())
