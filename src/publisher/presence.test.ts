import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ControlledLog } from '../../test/tools/controlled-log.ts'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { MemoryLog } from './memory-log.ts'
import { Presence } from './presence.ts'

interface State {
  readonly name: string
}

const TTL = 30_000
const ANN = { id: 'ann', state: { name: 'Ann' } }
const BOB = { id: 'bob', state: { name: 'Bob' } }

let memory: MemoryLog
let log: ControlledLog
let here: Presence<State>
/** As another process: all it shares is the log. */
let there: Presence<State>
let errors: unknown[]

beforeEach(() => {
  vi.useFakeTimers()
  errors = []
  memory = new MemoryLog()
  log = new ControlledLog(memory)
  here = new Presence<State>(log, { onError: (error) => errors.push(error) })
  there = new Presence<State>(memory)
})

afterEach(async () => {
  await Promise.all([here.close(), there.close()])
  await memory.close()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

describe('a member', () => {
  test('is seen by all processes, until it leaves', async () => {
    const membership = await here.join('c', ANN.id, ANN.state)
    expect([await here.list('c'), await there.list('c')]).toEqual([[ANN], [ANN]])
    expect(await there.list('other')).toEqual([])
    await membership.leave()
    await membership.leave()
    expect([await here.list('c'), await there.list('c')]).toEqual([[], []])
  })

  test('leaves when its signal aborts', async () => {
    const controller = new AbortController()
    await here.join('c', ANN.id, ANN.state, { signal: controller.signal })
    controller.abort()
    await settle()
    expect(await there.list('c')).toEqual([])
    expect(await rejection(here.join('c', ANN.id, ANN.state, { signal: controller.signal }))).toBe(
      controller.signal.reason,
    )
  })

  test('stays as long as it holds its lease', async () => {
    await here.join('c', ANN.id, ANN.state)
    const members = there.subscribe('c')
    await take(members, 1)
    const next = later(members.next())
    await vi.advanceTimersByTimeAsync(10 * TTL)
    expect(await outcome(next)).toBe('pending')
    expect(await there.list('c')).toEqual([ANN])
    await members.return()
  })

  test('whose process was killed is gone when its lease runs out', async () => {
    const wire = new ControlledLog(memory)
    const killed = new Presence<State>(wire, { onError: () => {} })
    await killed.join('c', ANN.id, ANN.state)
    await there.join('c', BOB.id, BOB.state)
    const members = here.subscribe('c')
    expect(await take(members, 1)).toEqual([[ANN, BOB]])
    const next = later(members.next())
    wire.fail('append', new Error('killed'))
    await vi.advanceTimersByTimeAsync(TTL - 1)
    expect(await outcome(next)).toBe('pending')
    await vi.advanceTimersByTimeAsync(2)
    expect(await outcome(next)).toEqual({ value: { done: false, value: [BOB] } })
    await Promise.all([members.return(), killed.close()])
  })

  test('is not seen long after, in a log that keeps more than it has to', async () => {
    const wire = new ControlledLog(memory)
    const append = memory.append.bind(memory)
    vi.spyOn(memory, 'append').mockImplementation((channel, records, options) =>
      append(channel, records, { ...options, retention: {} }),
    )
    const killed = new Presence<State>(wire, { onError: () => {} })
    await killed.join('c', ANN.id, ANN.state)
    wire.fail('append', new Error('killed'))
    expect(await there.list('c')).toEqual([ANN])
    await vi.advanceTimersByTimeAsync(2 * TTL)
    expect(await there.list('c')).toEqual([])
    await killed.close()
  })

  test('may be there several times and stays until the last one has left', async () => {
    const first = await here.join('c', ANN.id, { name: 'Ann at home' })
    const second = await there.join('c', ANN.id, { name: 'Ann at work' })
    expect(await there.list('c')).toEqual([{ id: 'ann', state: { name: 'Ann at work' } }])
    await second.leave()
    expect(await there.list('c')).toEqual([{ id: 'ann', state: { name: 'Ann at home' } }])
    await first.leave()
    expect(await there.list('c')).toEqual([])
  })

  test('shows its newest state, also to those who come later', async () => {
    const membership = await here.join('c', ANN.id, ANN.state)
    const members = there.subscribe('c')
    await take(members, 1)
    await membership.update({ name: 'Anna' })
    expect(await take(members, 1)).toEqual([[{ id: 'ann', state: { name: 'Anna' } }]])
    await vi.advanceTimersByTimeAsync(2 * TTL)
    expect(await here.list('c')).toEqual([{ id: 'ann', state: { name: 'Anna' } }])
    await members.return()
  })

  test('whose lease could not be renewed tries again, and onError is told', async () => {
    await here.join('c', ANN.id, ANN.state)
    const down = new Error('down')
    log.fail('append', down, 1)
    await vi.advanceTimersByTimeAsync(TTL + 1000)
    expect(errors).toEqual([down])
    expect(await there.list('c')).toEqual([ANN])
  })

  test('that cannot join is not there, and nothing is left of it', async () => {
    const down = new Error('down')
    log.fail('append', down, 1)
    expect(await rejection(here.join('c', ANN.id, ANN.state))).toBe(down)
    await vi.advanceTimersByTimeAsync(TTL)
    expect(await there.list('c')).toEqual([])
  })
})

describe('a subscription', () => {
  test('has the list at once, and again whenever it has changed', async () => {
    const members = there.subscribe('c')
    expect(await take(members, 1)).toEqual([[]])
    const membership = await here.join('c', ANN.id, ANN.state)
    expect(await take(members, 1)).toEqual([[ANN]])
    await membership.leave()
    expect(await take(members, 1)).toEqual([[]])
    await members.return()
  })

  test('that is slow gets the newest list', async () => {
    const members = there.subscribe('c')
    await take(members, 1)
    for (const member of [ANN, BOB]) await here.join('c', member.id, member.state)
    await settle()
    expect(await take(members, 1)).toEqual([[ANN, BOB]])
    expect(await outcome(members.next())).toBe('pending')
    await members.return()
  })

  test('finds its members again when the log has lost them', async () => {
    await there.join('c', ANN.id, ANN.state)
    const members = here.subscribe('c')
    await take(members, 1)
    const fresh = new MemoryLog()
    await log.replace(fresh)
    await here.join('c', BOB.id, BOB.state)
    expect(await take(members, 1)).toEqual([[ANN, BOB]])
    await vi.advanceTimersByTimeAsync(TTL + 2)
    expect(await take(members, 1)).toEqual([[BOB]])
    await Promise.all([members.return(), here.close()])
    await fresh.close()
  })

  test('rejects with the reason of its signal, and takes nothing with it', async () => {
    const controller = new AbortController()
    const [leaving, staying] = [here.subscribe('c', { signal: controller.signal }), here.subscribe('c')]
    await Promise.all([take(leaving, 1), take(staying, 1)])
    const pending = later(leaving.next())
    controller.abort(new Error('left'))
    expect(await outcome(pending)).toMatchObject({ error: { message: 'left' } })
    await there.join('c', ANN.id, ANN.state)
    expect(await take(staying, 1)).toEqual([[ANN]])
    await staying.return()
  })

  test('fails with what keeps the log from being read', async () => {
    const down = new Error('down')
    log.fail('read', down, 1)
    expect(await rejection(here.subscribe('c').next())).toBe(down)
    log.fail('read', down, 1)
    expect(await rejection(here.list('c'))).toBe(down)
    expect(await here.list('c')).toEqual([])
  })

  test('ends when the presence is closed', async () => {
    const pending = later(
      here
        .subscribe('c')
        .next()
        .then(() => undefined),
    )
    await pending
    const members = here.subscribe('c')
    await take(members, 1)
    const next = later(members.next())
    await here.close()
    expect(await outcome(next)).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } })
  })
})
