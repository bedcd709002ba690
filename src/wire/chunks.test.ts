import { expect, test } from 'vitest'
import { rejection } from '../../test/tools/probes.ts'
import { ChunkAssembler, type FrameData, MAX_UNFINISHED, needsChunks, toChunks } from './chunks.ts'

const LIMIT = 1024 * 1024

function assemble(chunks: Iterable<FrameData>, assembler: ChunkAssembler = new ChunkAssembler(LIMIT)): unknown[] {
  return [...chunks].map((chunk) => assembler.take(chunk))
}

function failure(work: () => unknown): Promise<any> {
  return rejection((async () => work())())
}

test('a long text comes out of its chunks as it went in, surrogate pairs included', () => {
  // A pair stands across each place where a cut would fall.
  const text = `{"x":"${'a'.repeat(64 * 1024 - 7)}${'😀'.repeat(40_000)}"}`
  const chunks = [...toChunks('1', text)]
  expect(chunks.length).toBeGreaterThan(2)
  expect(chunks.every((chunk) => typeof chunk === 'string' && !/[\uD800-\uDBFF]$/.test(chunk))).toBe(true)
  expect(assemble(chunks).at(-1)).toBe(text)
})

test('long bytes come out of their chunks as they went in', () => {
  const bytes = new Uint8Array(200_000).map((_, index) => index % 251)
  expect(assemble(toChunks('1', bytes)).at(-1)).toEqual(bytes)
})

test('only frames over 64 Ki need chunks', () => {
  expect(needsChunks('x'.repeat(64 * 1024))).toBe(false)
  expect(needsChunks('x'.repeat(64 * 1024 + 1))).toBe(true)
})

test('a frame that is no chunk passes as it is, empty ones included', () => {
  const assembler = new ChunkAssembler(LIMIT)
  expect(assembler.take('{"i":"1"}')).toBe('{"i":"1"}')
  expect(assembler.take('')).toBe('')
  expect(assembler.take(new Uint8Array())).toEqual(new Uint8Array())
})

test('chunks of several frames may come in any mixture', () => {
  const assembler = new ChunkAssembler(LIMIT)
  expect(assemble(['(a 1', '(b x', '+a 2', ')b y', ')a 3'], assembler)).toEqual([
    undefined,
    undefined,
    undefined,
    'xy',
    '123',
  ])
})

test('what follows of a frame that was forgotten is passed over and kept nowhere', () => {
  const assembler = new ChunkAssembler(LIMIT)
  assembler.take('(a 1')
  assembler.delete('a')
  expect(assemble(['+a 2', ')a 3', '+never begun', ')never x'], assembler)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(assemble(['(a 4', ')a 5'], assembler).at(-1)).toBe('45')
})

test.each([
  ['a chunk without an id', ['(nothing']],
  ['an id that is too long', [`(${'i'.repeat(257)} x`]],
  ['a frame that begins twice', ['(a 1', '(a 2']],
  ['text and bytes in one frame', ['(a 1', new TextEncoder().encode(')a 2') as Uint8Array<ArrayBuffer>]],
  ['more frames than may be under way', Array.from({ length: MAX_UNFINISHED + 1 }, (_, index) => `(${index} x`)],
])('%s is malformed', async (_, chunks) => {
  expect(await failure(() => assemble(chunks))).toMatchObject({ code: 'BAD_REQUEST' })
})

test('a frame may not grow over the limit, nor be made of endlessly many empty pieces', async () => {
  const assembler = new ChunkAssembler(1000)
  assembler.take('(a 1')
  expect(await failure(() => assembler.take(`+a ${'x'.repeat(1000)}`))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  const empty = function* (): Generator<string> {
    yield '(b '
    for (let count = 0; count < 1000; count++) yield '+b '
  }
  expect(await failure(() => assemble(empty(), new ChunkAssembler(1000)))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})

test('several frames below the limit may be under way at a time though they exceed it together', () => {
  const assembler = new ChunkAssembler(1000)
  const piece = 'x'.repeat(800)
  expect(assemble([`(a ${piece}`, `(b ${piece}`, ')a ', ')b '], assembler).slice(2)).toEqual([piece, piece])
})
