import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MemoryLog } from '../../publisher/memory-log.ts'
import { DurableEventIteratorObject } from '../durable-object/durable-event-iterator-object.ts'
import { DurableHost } from './durable-host.ts'
import { Marks } from './marks.ts'

let made = 0

class Counter extends DurableEventIteratorObject<{ count: number }> {
  #count = 0

  constructor(ctx: any, env: any) {
    super(ctx, env)
    made++
    void this.ctx.blockConcurrencyWhile(async () => {
      await Promise.resolve()
      this.#count = env.START
    })
  }

  add(amount: number): number {
    this.#count += amount
    return this.#count
  }

  ownName(): string | undefined {
    return this.ctx.id.name
  }

  fail(): never {
    throw new Error('It failed')
  }

  ask(key: string): unknown {
    return (this.ctx as unknown as Record<string, unknown>)[key]
  }

  publish(): Promise<{ id: string }> {
    return this.publishEvent({ count: this.#count })
  }
}

let host: DurableHost<{ COUNTER: typeof Counter }, { START: number }>
let log: MemoryLog

beforeEach(() => {
  made = 0
  log = new MemoryLog()
  host = new DurableHost({ log, objects: { COUNTER: Counter }, env: { START: 5 } })
})

afterEach(async () => {
  vi.useRealTimers()
  await host.close()
  await log.close()
})

describe('an object of a host', () => {
  test('is made when it is first called, once for each name, and has begun before it is', async () => {
    const { COUNTER } = host.env
    expect(made).toBe(0)
    expect(await COUNTER.getByName('a').add(1)).toBe(6)
    expect(await COUNTER.get(COUNTER.idFromName('a')).add(1)).toBe(7)
    expect(await COUNTER.getByName('b').add(1)).toBe(6)
    expect(made).toBe(2)
  })

  test('knows its name, and ids compare by it', async () => {
    const { COUNTER } = host.env
    expect(await COUNTER.getByName('a').ownName()).toBe('a')
    expect(COUNTER.idFromName('a').equals(COUNTER.idFromString(String(COUNTER.idFromName('a'))))).toBe(true)
    expect(COUNTER.newUniqueId().equals(COUNTER.newUniqueId())).toBe(false)
  })

  test('passes on what its methods throw, and says which it does not have', async () => {
    const stub = host.env.COUNTER.getByName('a') as any
    await expect(stub.fail()).rejects.toThrow('It failed')
    for (const name of ['nothing', '__proto__x', 'dei']) {
      await expect(stub[name]()).rejects.toThrow(`has no method ${name}`)
    }
    expect(await stub).toBe(stub)
  })

  test.each(['storage', 'abort', 'acceptWebSocket', 'container'])(
    'fails with a clear error for ctx.%s',
    async (key) => {
      await expect(host.env.COUNTER.getByName('a').ask(key)).rejects.toThrow(
        new RegExp(`ctx\\.${key}.*not to be had outside of Workers.*getWebSockets`),
      )
    },
  )

  test('is let go of after 10 s without calls and sockets', async () => {
    vi.useFakeTimers()
    const stub = host.env.COUNTER.getByName('a')
    expect(await stub.add(1)).toBe(6)
    await vi.advanceTimersByTimeAsync(9_999)
    expect(await stub.add(1)).toBe(7)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await stub.add(1)).toBe(6)
  })

  test('publishes to the log, under a channel of its own', async () => {
    const { id } = await host.env.COUNTER.getByName('a').publish()
    const { records } = await log.read('durable:COUNTER:a', 'start', { records: 9, bytes: 9e9 })
    expect(JSON.parse(records[0]?.data ?? '')).toMatchObject({ json: { to: {}, event: { count: 5 } } })
    expect(id.split(':')[1]).toBe('1')
  })

  test('is not to be had when the host is closed', async () => {
    const stub = host.env.COUNTER.getByName('a')
    await host.close()
    await expect(stub.add(1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  })
})

test('marks give the latest event from before a time, and are not many', () => {
  const marks = new Marks()
  expect(marks.before(1e9)).toBeUndefined()
  for (let at = 0; at < 100_000; at += 100) marks.see(at, `id of ${at}`)
  marks.see(50, 'late')
  expect(marks.before(99_000)).toBe('id of 98700')
  expect(marks.before(1_000)).toBeUndefined()
  expect(marks.before(1e9)).toBe('id of 99900')
})
