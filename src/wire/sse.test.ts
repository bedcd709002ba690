import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatSSE, SSE_COMMENT } from './format-sse.ts'
import { type SSEBlock, SSEDecoder } from './sse.ts'
import { limitBlocks } from './sse-limit.ts'

function decode(...chunks: string[]): SSEBlock[] {
  const decoder = new SSEDecoder()
  return chunks.flatMap((chunk) => decoder.decode(chunk))
}

const recordings: { name: string; response: { headers: Record<string, string>; body: string } }[] = JSON.parse(
  readFileSync(new URL('../../test/wire/http.json', import.meta.url), 'utf8'),
)
const streams = recordings.filter(({ response }) => response.headers['content-type'] === 'text/event-stream')

describe('the recorded streams of the reference', () => {
  test('decode to what was sent', () => {
    const stream = streams.find(({ name }) => name === 'stream')
    expect(decode(stream?.response.body ?? '')).toEqual([
      { comments: [''] },
      { event: 'message', data: '{"json":{"input":{"q":"1970-01-01T00:00:00.000Z"}},"meta":[[1,"input","q"]]}' },
      {
        comments: ['c1'],
        event: 'message',
        retry: 100,
        id: '7',
        data: '{"json":{"at":"1970-01-01T00:00:00.000Z"},"meta":[[1,"at"]]}',
      },
      { event: 'message', data: '{"json":"multi\\nline"}' },
      { event: 'done', data: '{"json":{"bye":true}}' },
    ])
  })

  test.each(streams)('are formatted to the same bytes: $name', ({ response }) => {
    expect(decode(response.body).map(formatSSE).join('')).toBe(response.body)
  })
})

describe('the examples of the standard', () => {
  test.each([
    ['lines of one event are joined', 'data: YHOO\ndata: +2\ndata: 10\n\n', [{ data: 'YHOO\n+2\n10' }]],
    [
      'comments, ids, and only one space after the colon',
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n',
      [
        { comments: ['test stream'] },
        { data: 'first event', id: '1' },
        { data: 'second event', id: '' },
        { data: ' third event' },
      ],
    ],
    ['an unfinished last block is dropped', 'data\n\ndata\ndata\n\ndata:', [{ data: '' }, { data: '\n' }]],
    ['the space after the colon is optional', 'data:test\n\ndata: test\n\n', [{ data: 'test' }, { data: 'test' }]],
  ])('%s', (_, text, blocks) => {
    expect(decode(text)).toEqual(blocks)
  })
})

describe('lines', () => {
  test.each([
    ['LF', '\n'],
    ['CR', '\r'],
    ['CRLF', '\r\n'],
  ])('end with %s', (_, end) => {
    const text = ['event: a', 'data: 1', 'data: 2', '', '', 'id: 7', '', ''].join(end)
    expect(decode(text)).toEqual([{ event: 'a', data: '1\n2' }, { id: '7' }])
  })

  test('may end differently in one stream', () => {
    expect(decode('data: 1\rdata: 2\r\n\ndata: 3\n\r\ndata: 4\n\r')).toEqual([
      { data: '1\n2' },
      { data: '3' },
      { data: '4' },
    ])
  })

  test('ends a line at a CR without waiting for what follows', () => {
    const decoder = new SSEDecoder()
    expect(decoder.decode('data: 1\r\r')).toEqual([{ data: '1' }])
    expect(decoder.decode('\ndata: 2\n\n')).toEqual([{ data: '2' }])
  })

  test('takes a CRLF that was cut in two for one end of line', () => {
    expect(decode('data: 1\r', '\ndata: 2\r', '', '\n\r', '\n')).toEqual([{ data: '1\n2' }])
  })

  test.each(['\u2028', '\u2029', '\u0085', '\v', '\f'])('do not end with %j', (char) => {
    expect(decode(`data: a${char}b\n\n`)).toEqual([{ data: `a${char}b` }])
  })
})

describe('fields', () => {
  test.each([
    ['an id with NUL', 'id: a\0b'],
    ['a retry that is no number', 'retry: soon'],
    ['a negative retry', 'retry: -1'],
    ['a fractional retry', 'retry: 1.5'],
    ['a retry of other digits', 'retry: ٣'],
    ['an empty retry', 'retry:'],
    ['a retry with a space behind it', 'retry: 1 '],
    ['an unknown field', 'dataset: x'],
    ['a field in capitals', 'DATA: x'],
    ['a field with a space before it', ' data: x'],
    ['a field with a space behind it', 'data : x'],
  ])('are ignored: %s', (_, line) => {
    expect(decode(`${line}\ndata: 1\n\n`)).toEqual([{ data: '1' }])
  })

  test('are the last of their kind, but for data and comments', () => {
    expect(decode('event: a\nevent: b\nid: 1\nid: 2\nretry: 3\nretry: 4\n: x\n:y\ndata: 5\ndata\n\n')).toEqual([
      { event: 'b', id: '2', retry: 4, comments: ['x', 'y'], data: '5\n' },
    ])
  })

  test('keep the colons of their values', () => {
    expect(decode('data: a: b:c\n\n')).toEqual([{ data: 'a: b:c' }])
  })
})

describe('blocks without data', () => {
  test('surface: a position, a retry, a sign of life, an end', () => {
    expect(decode(`id: 7\n\nretry: 100\n\n${SSE_COMMENT}event: done\n\n`)).toEqual([
      { id: '7' },
      { retry: 100 },
      { comments: [''] },
      { event: 'done' },
    ])
  })

  test('do not surface when there is nothing at all', () => {
    expect(decode('\n\n\r\n\r\n')).toEqual([])
  })

  test('do not lend their fields to the next block', () => {
    expect(decode('id: 7\nevent: a\n\ndata: 1\n\n')).toEqual([{ id: '7', event: 'a' }, { data: '1' }])
  })
})

describe('chunks', () => {
  const pieces = fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    ':',
    ' ',
    'data',
    'data: x',
    'id: 7',
    'event',
    'retry: 1',
    '\0',
    '😀',
  )
  const stream = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''))

  test('may be cut anywhere', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200), { maxLength: 20 }), (text, places) => {
        const cuts = [0, ...places.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length]
        const chunks = cuts.slice(1).map((end, index) => text.slice(cuts[index], end))
        expect(chunks.join('')).toBe(text)
        expect(decode(...chunks)).toEqual(decode(text))
      }),
      { seed: 1, numRuns: 1000 },
    )
  })

  test('give every block as soon as it is complete', () => {
    const decoder = new SSEDecoder()
    expect([...'data: 1\n\ndata: 2\n\n'].map((char) => decoder.decode(char).length).join('')).toBe('000000001000000001')
  })
})

describe('the limit of a block', () => {
  const tooLarge = expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' })
  const attempt = (...chunks: string[]): unknown => {
    const decoder = new SSEDecoder(limitBlocks(100))
    try {
      return chunks.flatMap((chunk) => decoder.decode(chunk)).length
    } catch (error) {
      return error
    }
  }

  test.each<[string, string[]]>([
    ['one line that does not end', Array(11).fill('0123456789')],
    ['many lines of data', Array(12).fill('data: 0123456789\n')],
    ['one line in one chunk', [`data: ${'x'.repeat(95)}\n\n`]],
    ['one block in one chunk', ['data: 0123456789\n'.repeat(12), '\n']],
    ['many comments', Array(12).fill(': 0123456789\n')],
  ])('holds for %s', (_, chunks) => {
    expect(attempt(...chunks)).toEqual(tooLarge)
  })

  test('accepts a block that is as long', () => {
    expect(attempt(`data: ${'x'.repeat(94)}\n\n`)).toBe(1)
    expect(attempt(...`data: ${'x'.repeat(94)}\n\n`)).toBe(1)
  })

  test('does not count what belongs to other blocks', () => {
    const block = `data: ${'x'.repeat(60)}\n\n`
    expect(attempt(...block.repeat(20))).toBe(20)
    expect(attempt(block.repeat(20))).toBe(20)
    expect(attempt(block.slice(0, -1), `\n${block.slice(0, -2)}`, '\n\n')).toBe(2)
  })
})
