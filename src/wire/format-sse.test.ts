import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatSSE, SSE_COMMENT } from './format-sse.ts'
import { type SSEBlock, SSEDecoder } from './sse.ts'

const line = fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n]/g, ''))
const block: fc.Arbitrary<SSEBlock> = fc.record(
  {
    event: line,
    data: line,
    id: line.map((text) => text.replaceAll('\0', '')),
    retry: fc.nat(),
    comments: fc.array(line, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
)

test('formatting is what decoding undoes', () => {
  fc.assert(
    fc.property(fc.array(block), (blocks) => {
      const full = blocks.filter((block) => Object.keys(block).length > 0)
      expect(new SSEDecoder().decode(full.map(formatSSE).join(''))).toEqual(full)
    }),
    { seed: 1 },
  )
})

test('formatting writes nothing for fields that are undefined', () => {
  const block = { event: 'message', data: '1', id: undefined, retry: undefined, comments: undefined }
  expect(formatSSE(block)).toBe('event: message\ndata: 1\n\n')
})

test('formatting writes a comment that says nothing', () => {
  expect(SSE_COMMENT).toBe(formatSSE({ comments: [''] }))
})
