import { expect, test } from 'vitest'
import { fromBase64 } from './base64.ts'

test('gives back all bytes', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  expect(fromBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes)
  expect(fromBase64('')).toEqual(new Uint8Array())
})

test('refuses what is no Base64', () => {
  expect(() => fromBase64('not!')).toThrow()
})
