import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { gate } from '../../test/tools/gate.ts'
import { outcome, rejection } from '../../test/tools/probes.ts'
import { lookInterval, Watches } from './watches.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('a channel is listened to once, for as long as somebody watches it', async () => {
  const [listen, unlisten] = [vi.fn(async () => {}), vi.fn()]
  const watches = new Watches({ interval: 1000, listen, unlisten })
  const [one, other] = [watches.open(() => {}), watches.open(() => {})]
  await one.add('c')
  await other.add('c')
  await other.add('c')
  one.delete('c')
  one.delete('never added')
  expect(listen.mock.calls).toEqual([['c']])
  expect(unlisten).not.toHaveBeenCalled()
  await other.close()
  expect(unlisten.mock.calls).toEqual([['c']])
  expect(watches.has('c')).toBe(false)
})

test('the second who watches a channel waits until it is listened to', async () => {
  const listening = gate()
  const watches = new Watches({ interval: 1000, listen: () => listening.opened })
  void watches.open(() => {}).add('c')
  const second = watches.open(() => {}).add('c')
  expect(await outcome(second)).toBe('pending')
  listening.open()
  await second
})

test('a channel that cannot be listened to is not watched, and can be tried again', async () => {
  const listen = vi.fn().mockRejectedValueOnce(new Error('no')).mockResolvedValue(undefined)
  const watches = new Watches({ interval: 1000, listen })
  const watch = watches.open(() => {})
  expect((await rejection(watch.add('c'))).message).toBe('no')
  expect(watches.has('c')).toBe(false)
  await watch.add('c')
  expect(watches.has('c')).toBe(true)
})

test('one function can watch twice, and is woken once for each', async () => {
  const wake = vi.fn()
  const watches = new Watches({ interval: 1000 })
  const [one, other] = [watches.open(wake), watches.open(wake)]
  await one.add('c')
  await other.add('c')
  await one.close()
  watches.wake('c')
  expect(wake.mock.calls).toEqual([['c', undefined]])
})

test('everybody is let look at intervals, until it is closed', async () => {
  const wake = vi.fn()
  const watches = new Watches({ interval: 1000 })
  const watch = watches.open(wake)
  await watch.add('c')
  await watch.add('d')
  vi.advanceTimersByTime(2000)
  expect(wake.mock.calls).toEqual([
    [undefined, undefined],
    [undefined, undefined],
  ])
  watches.close()
  vi.advanceTimersByTime(2000)
  expect(wake).toHaveBeenCalledTimes(2)
  expect(vi.getTimerCount()).toBe(0)
})

test('the interval is a third of the retention, and a minute at most', () => {
  expect(lookInterval(3)).toBe(1000)
  expect(lookInterval(3600)).toBe(60_000)
})
