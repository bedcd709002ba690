import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { settle } from '../../../test/tools/probes.ts'
import { type NodeRedisClient, RedisScripts } from '../../core/redis-scripts.ts'
import { RedisStreamLeases } from './redis-stream-leases.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Leases of 3 s in a Redis that answers whatever it is sent, with what it was sent. */
function leasesIn(answer: () => Promise<unknown>) {
  const sent: string[][] = []
  const send: NodeRedisClient['eval'] = (_, { keys, arguments: args }) => {
    sent.push([...keys, ...args])
    return answer()
  }
  const client: NodeRedisClient = { eval: send, evalSha: send }
  return { sent, leases: new RedisStreamLeases(new RedisScripts(client, 500), 3000) }
}

test('renews the streams of a key together, three times as often as it has to', async () => {
  const { sent, leases } = leasesIn(async () => 1)
  const releases = [leases.hold('a', '1'), leases.hold('a', '2'), leases.hold('b', '3')]
  await vi.advanceTimersByTimeAsync(1000)
  expect(sent.splice(0)).toEqual([
    ['a', '3000', '1', '2'],
    ['b', '3000', '3'],
  ])
  for (const release of releases.slice(1)) release()
  expect(sent.splice(0)).toEqual([
    ['a', '2'],
    ['b', '3'],
  ])
  await vi.advanceTimersByTimeAsync(1000)
  expect(sent).toEqual([['a', '3000', '1']])
})

test('releases a lease once, and has no timer when there are none left', async () => {
  const { sent, leases } = leasesIn(async () => 1)
  const releases = [leases.hold('a', '1'), leases.hold('a', '2')]
  for (const release of [...releases, ...releases]) release()
  await settle()
  expect(sent).toHaveLength(2)
  expect(vi.getTimerCount()).toBe(0)
})

test('goes on renewing when Redis fails or says nothing', async () => {
  const answers = [() => Promise.reject(new Error('away')), () => new Promise(() => {}), async () => 1]
  const { sent, leases } = leasesIn(() => answers.shift()?.() ?? Promise.resolve())
  const release = leases.hold('a', '1')
  await vi.advanceTimersByTimeAsync(3000)
  expect(sent).toHaveLength(3)
  release()
  await settle()
  expect(vi.getTimerCount()).toBe(0)
})
