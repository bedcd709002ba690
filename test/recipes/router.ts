import { os } from '../../src/server/builder.ts'
import type { Router } from '../../src/server/router.ts'
import { gate } from '../tools/gate.ts'

/** Opens when the handler of the latest `wait` has cleaned up. */
let left = gate<number>()

/** What the recipes of the docs serve in their tests. */
export const router: Router = {
  echo: os.handler(({ input }) => input),
  fail: os.errors({ ROOM_FULL: { status: 409, message: 'Try another' } }).handler(({ errors }) => {
    throw errors.ROOM_FULL()
  }),
  size: os.handler(async ({ input }) => (await (input as File).arrayBuffer()).byteLength),
  count: os.handler(async function* () {
    yield 1
    yield 2
    return 'over'
  }),
  wait: os.handler(async function* ({ signal }) {
    left = gate()
    try {
      yield 'first'
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    } finally {
      left.open(Date.now())
    }
  }),
  leftAt: os.handler(() => left.opened),
}
