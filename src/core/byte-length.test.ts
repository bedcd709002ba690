import { afterEach, expect, test, vi } from 'vitest'
import { byteLength } from './byte-length.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

test.each([
  ['', 0],
  ['abc', 3],
  ['é', 2],
  ['€', 3],
  ['🌊', 4],
])('counts the bytes of %j in UTF-8, with and without a Buffer', (text, bytes) => {
  expect(byteLength(text)).toBe(bytes)
  vi.stubGlobal('Buffer', undefined)
  expect(byteLength(text)).toBe(bytes)
})
