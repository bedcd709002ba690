import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { logChecks } from '../testing/log-checks.ts'
import { MemoryLog } from './memory-log.ts'

const CAPABILITIES = {
  offsets: 'contiguous',
  survives: 'nothing',
  copies: 'one',
  idempotencySeconds: 300,
  retention: { count: true, perChannel: true },
  transaction: false,
  atomicBatch: true,
  rotation: { channel: true, log: true },
} as const

let now = 1_000_000

const checks = logChecks({
  capabilities: CAPABILITIES,
  createLog: async () => new MemoryLog({ now: () => now }),
  shared: false,
  clock: {
    advance: (milliseconds) => {
      now += milliseconds
    },
  },
})

describe('what every log does', () => {
  for (const { name, skip, run } of checks) test.skipIf(skip)(name, run)
})

describe('a memory log', () => {
  let log: MemoryLog

  beforeEach(() => {
    log = new MemoryLog()
  })

  afterEach(() => log.close())

  const append = (channel: string, to: MemoryLog = log, idempotencyKey?: string) =>
    to.append(channel, [{ data: '1' }], { retention: {}, idempotencyKey })

  test('declares its window for keys as it is', () => {
    expect(new MemoryLog({ idempotencySeconds: 5 }).capabilities).toEqual({ ...CAPABILITIES, idempotencySeconds: 5 })
  })

  test('gives each channel an epoch of its own, which no other log shares', async () => {
    const other = new MemoryLog()
    const results = [await append('a'), await append('b'), await append('a', other)]
    expect(new Set(results.map(({ first }) => first.epoch)).size).toBe(3)
    await other.close()
  })

  test('says behind which place it has appended', async () => {
    const { last } = await append('a')
    expect((await append('a')).before).toEqual(last)
  })

  test('wakes once per append, and not for one that added nothing', async () => {
    const woken: unknown[] = []
    const watch = await log.watch((channel) => woken.push(channel))
    await watch.add('a')
    await append('a', log, 'k')
    await append('a', log, 'k')
    expect(woken).toEqual(['a'])
  })
})
