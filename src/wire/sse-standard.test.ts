import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Dispatched, STREAM_CASES } from '../../test/suites/event-stream-cases.ts'
import { type SSEBlock, SSEDecoder } from './sse.ts'
import { limitBlocks } from './sse-limit.ts'

/** The blocks of a stream of bytes, as a client reads it. */
function decode(chunks: readonly Uint8Array[]): SSEBlock[] {
  const text = new TextDecoder()
  const decoder = new SSEDecoder()
  return chunks.flatMap((chunk) => decoder.decode(text.decode(chunk, { stream: true })))
}

/** What an `EventSource` makes of blocks. */
function dispatch(blocks: readonly SSEBlock[]): Dispatched[] {
  let last = ''
  return blocks.flatMap(({ event, data, id }) => {
    last = id ?? last
    return data === undefined ? [] : [[event || 'message', data, last] as const]
  })
}

test.each(STREAM_CASES)('reads as the standard says: $name', ({ body, events }) => {
  expect(dispatch(decode([new Uint8Array(body)]))).toEqual(events)
})

const short = STREAM_CASES.filter(({ body }) => body.length < 1_000)

test.each(short)('reads the same byte by byte: $name', ({ body, events }) => {
  expect(dispatch(decode(body.map((byte) => new Uint8Array([byte]))))).toEqual(events)
})

test('reads any bytes the same, however they are cut', () => {
  const piece = fc.oneof(
    fc.constantFrom(...short.map(({ body }) => body)),
    fc.constantFrom([10], [13], [13, 10], [58], [32], [0], [0xef, 0xbb, 0xbf], [0xf0, 0x9f, 0x98], [0xff]),
  )
  const stream = fc.array(piece, { maxLength: 12 }).map((pieces) => new Uint8Array(pieces.flat()))
  const places = fc.array(fc.nat(1_000), { maxLength: 20 })
  fc.assert(
    fc.property(stream, places, (bytes, places) => {
      const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
      const chunks = cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end))
      expect(decode(chunks)).toEqual(decode([bytes]))
    }),
    { seed: 1, numRuns: 300 },
  )
})

test('gives the blocks before one that is too long, however they are cut', () => {
  const text = `data: 1\n\ndata: 2\n\ndata: ${'x'.repeat(100)}\n\n`
  for (const size of [1, 7, text.length]) {
    const decoder = new SSEDecoder(limitBlocks(50))
    const blocks: SSEBlock[] = []
    const feed = (): void => {
      for (let start = 0; start < text.length; start += size) decoder.decode(text.slice(start, start + size), blocks)
    }
    expect(feed).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }))
    expect(blocks).toEqual([{ data: '1' }, { data: '2' }])
  }
})

test('takes a million characters in short comments, or in one line of small chunks, without getting slower', () => {
  const startedAt = performance.now()
  expect(new SSEDecoder().decode(`${':\n'.repeat(500_000)}\n`)[0]?.comments).toHaveLength(500_000)
  const decoder = new SSEDecoder()
  for (let count = 0; count < 100_000; count++) decoder.decode('0123456789')
  expect(decoder.decode('\n\n')).toEqual([{}])
  // It took minutes when the work grew with the square.
  expect(performance.now() - startedAt).toBeLessThan(10_000)
})
