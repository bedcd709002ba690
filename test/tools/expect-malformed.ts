import { expect } from 'vitest'
import { RPCError } from '../../src/core/error.ts'

/** What it throws says that a message does not follow the protocol. */
export function expectMalformed(run: () => unknown): void {
  let thrown: unknown
  try {
    run()
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(RPCError)
  expect(thrown).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('Malformed message: ') })
}
