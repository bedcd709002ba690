import { expect, test } from 'vitest'
import { measureTypeCost } from '../scripts/type-cost.mjs'

test('one more procedure costs the compiler no more than its budget', { timeout: 600_000 }, () => {
  const { contractAndClient, withCalls, withImplementation } = measureTypeCost()
  expect(contractAndClient).toBeLessThanOrEqual(200)
  expect(withCalls).toBeLessThanOrEqual(450)
  expect(withImplementation).toBeLessThanOrEqual(700)
})
