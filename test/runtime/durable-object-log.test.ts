import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DurableObjectLog } from '../../src/publisher/durable-object/durable-object-log.ts'
import { logChecks } from '../../src/testing/log-checks.ts'
import { runWorkerd, type Workerd } from '../tools/workerd.ts'

let workerd: Workerd

beforeAll(async () => {
  workerd = await runWorkerd(`${import.meta.dirname}/workerd/worker.ts`, { LOG_SUITE: 'LogSuite' })
}, 60_000)

afterAll(() => workerd.close())

// The checks run inside the object; here is only known which there are.
const names = logChecks({
  capabilities: new DurableObjectLog({} as never).capabilities,
  createLog: () => Promise.reject(new Error('Elsewhere')),
  clock: { advance: () => {} },
  sweep: async () => {},
  loseHistory: async () => {},
  backUp: async () => async () => {},
})

describe('a log in a Durable Object, in workerd', () => {
  for (const { name, skip } of names) {
    test.skipIf(skip)(
      name,
      async () => {
        const object = encodeURIComponent(name)
        const response = await fetch(`${workerd.url}?class=LOG_SUITE&name=${object}&check=${object}`)
        expect(await response.text()).toBe('ok')
      },
      60_000,
    )
  }
})
