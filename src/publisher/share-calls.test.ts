import { expect, test } from 'vitest'
import { gate } from '../../test/tools/gate.ts'
import { settle } from '../../test/tools/probes.ts'
import { shareCalls } from './share-calls.ts'

test('calls of one moment share one run for each key, and its failure', async () => {
  const keys: string[] = []
  const look = shareCalls(async (key: string) => {
    keys.push(key)
    if (key === 'b') throw new Error('no')
    return keys.length
  })
  const [one, other, b, sameB] = [look('a'), look('a'), look('b'), look('b')]
  expect(await Promise.all([one, other])).toEqual([1, 1])
  for (const failed of [b, sameB]) await expect(failed).rejects.toThrow('no')
  expect(keys).toEqual(['a', 'b'])
})

test('who calls while the work is under way gets an answer of its own', async () => {
  const released = gate()
  let runs = 0
  const look = shareCalls(async () => {
    const run = ++runs
    await released.opened
    return run
  })
  const early = look()
  await settle()
  const late = look()
  await settle()
  released.open()
  expect(await Promise.all([early, late])).toEqual([1, 2])
})
