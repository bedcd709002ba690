import { expect, test } from 'vitest'
import { digest } from './digest.ts'

test('strings that differ have digests that differ, also where only their borders do, or halves of characters', async () => {
  const given = [['a'], ['A'], ['a', ''], ['', 'a'], ['ab', 'c'], ['a', 'bc'], ['\uD800'], ['\uD801'], ['\uFFFD']]
  const digests = await Promise.all(given.map((strings) => digest(...strings)))
  expect(new Set(digests).size).toBe(given.length)
  for (const one of digests) expect(one).toMatch(/^[0-9a-f]{24}$/)
})
