import { setImmediate as macrotask } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { gate } from '../../test/tools/gate.ts'
import type { EventSource } from './event-iterator.ts'
import { getEventMeta, withEventMeta } from './event-meta.ts'
import { mapEventIterator } from './map-event-iterator.ts'

const failure = new Error('failed')

async function* source(onRelease: () => void = () => {}): AsyncGenerator<object, string> {
  try {
    yield withEventMeta({ n: 1 }, { id: '1' })
    yield { n: 2 }
    return 'bye'
  } finally {
    onRelease()
  }
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

/** A source that knows its position: it has handed out event `n` as soon as the event is taken. */
function positioned(count: number): EventSource {
  let cursor = 'start'
  const events = (async function* () {
    for (let n = 1; n <= count; n++) {
      cursor = `id ${n}`
      yield { n }
    }
  })()
  return Object.assign(events, { '~position': { ready: Promise.resolve(), cursor: () => cursor } })
}

describe('a mapped iterator', () => {
  test('gives the mapped values in order, then the mapped end', async () => {
    const mapped = mapEventIterator(source(), {
      value: async (value) => ({ event: value }),
      done: async (value) => `${value}!`,
    })
    expect(await mapped.next()).toEqual({ done: false, value: { event: { n: 1 } } })
    expect(await mapped.next()).toEqual({ done: false, value: { event: { n: 2 } } })
    expect(await mapped.next()).toEqual({ done: true, value: 'bye!' })
    expect(await mapped.next()).toEqual({ done: true, value: undefined })
  })

  test('tells once that it is over, without waiting for a source that does not come back', async () => {
    const stuck = async function* () {
      yield 1
      await new Promise(() => {})
    }
    const broken = async function* () {
      yield 1
      throw failure
    }
    for (const leave of [
      async () => {
        const over = vi.fn()
        await drain(mapEventIterator(source(), { finally: over }))
        return over
      },
      async () => {
        const over = vi.fn()
        await drain(mapEventIterator(broken(), { finally: over })).catch(() => {})
        return over
      },
      async () => {
        const over = vi.fn()
        const mapped = mapEventIterator(stuck(), { finally: over })
        await mapped.next()
        void mapped.next()
        void mapped.return()
        void mapped.return()
        await macrotask()
        return over
      },
    ]) {
      expect(await leave()).toHaveBeenCalledTimes(1)
    }
  })

  test('passes on what no function is given for', async () => {
    const events = [{}, {}]
    const mapped = mapEventIterator(
      (async function* () {
        yield* events
        return events
      })(),
      {},
    )
    expect((await mapped.next()).value).toBe(events[0])
    expect((await mapped.next()).value).toBe(events[1])
    expect((await mapped.next()).value).toBe(events)
  })

  test('keeps the meta of each event', async () => {
    const mapped = mapEventIterator(source(), { value: (value) => ({ ...(value as object) }) })
    expect(getEventMeta((await mapped.next()).value)).toEqual({ id: '1' })
    expect(getEventMeta((await mapped.next()).value)).toBeUndefined()
  })

  test('releases its source at the end, once', async () => {
    const released = vi.fn()
    const events = source(released)
    const left = vi.spyOn(events, 'return')
    for await (const _ of mapEventIterator(events, {}));
    expect(released).toHaveBeenCalledTimes(1)
    expect(left).toHaveBeenCalledTimes(1)
  })

  test('releases its source when the consumer leaves between events', async () => {
    const released = vi.fn()
    for await (const _ of mapEventIterator(source(released), {})) break
    expect(released).toHaveBeenCalledTimes(1)
  })

  test('waits for its source to let go', async () => {
    const releasing = gate()
    const left = vi.fn()
    const events = Object.assign(source(), {
      return: () => releasing.opened.then(() => ({ done: true as const, value: '' })),
    })
    const leaving = mapEventIterator(events, {}).return().then(left)
    await macrotask()
    expect(left).not.toHaveBeenCalled()
    releasing.open()
    await leaving
    expect(left).toHaveBeenCalledTimes(1)
  })

  test('releases its source when the consumer leaves while an event is being mapped', async () => {
    const released = vi.fn()
    const mapping = gate<unknown>()
    const mapped = mapEventIterator(source(released), { value: () => mapping.opened })
    const pending = mapped.next()
    await macrotask()
    await mapped.return()
    expect(await pending).toEqual({ done: true, value: undefined })
    expect(released).toHaveBeenCalledTimes(1)
    mapping.open('too late')
  })

  test('answers a pending next() at once when the consumer leaves, though the source stays busy', async () => {
    const never = gate()
    const stuck = (async function* () {
      await never.opened
      yield 1
    })()
    const mapped = mapEventIterator(stuck, {})
    const pending = mapped.next()
    void mapped.return()
    expect(await pending).toEqual({ done: true, value: undefined })
  })

  test('fails with what the source throws', async () => {
    const broken = (async function* () {
      yield {}
      throw failure
    })()
    const mapped = mapEventIterator(broken, {})
    await mapped.next()
    await expect(mapped.next()).rejects.toBe(failure)
    expect(await mapped.next()).toEqual({ done: true, value: undefined })
  })

  test('fails with what a function throws, and releases its source', async () => {
    const released = vi.fn()
    const mapped = mapEventIterator(source(released), { value: () => Promise.reject(failure) })
    await expect(mapped.next()).rejects.toBe(failure)
    expect(released).toHaveBeenCalledTimes(1)
  })

  test('maps the error of its source and those of its own functions', async () => {
    const error = (cause: unknown): Error => new Error('mapped', { cause })
    const broken = (async function* () {
      yield await Promise.reject(failure)
    })()
    const mappers = [
      mapEventIterator(broken, { error }),
      mapEventIterator(source(), { value: () => Promise.reject(failure), error: async (cause) => error(cause) }),
    ]
    for (const mapped of mappers) {
      await expect(mapped.next()).rejects.toMatchObject({ message: 'mapped', cause: failure })
    }
  })

  test('maps no error when the consumer throws one in', async () => {
    const error = vi.fn()
    const released = vi.fn()
    const events = source(released)
    await events.next()
    await expect(mapEventIterator(events, { error }).throw(failure)).rejects.toBe(failure)
    expect(error).not.toHaveBeenCalled()
    expect(released).toHaveBeenCalledTimes(1)
  })
})

describe('the position of a mapped iterator', () => {
  test('is that of its source', async () => {
    const events = positioned(2)
    const mapped = mapEventIterator(events, {}) as EventSource
    expect(mapped['~position']?.ready).toBe(events['~position']?.ready)
    expect(mapped['~position']?.cursor()).toBe('start')
    await mapped.next()
    expect(mapped['~position']?.cursor()).toBe('id 1')
    await mapped.next()
    expect(mapped['~position']?.cursor()).toBe('id 2')
  })

  test('is not ahead of an event that is being mapped', async () => {
    const gates = [gate(), gate()]
    let index = 0
    const events = positioned(2)
    const mapped = mapEventIterator(events, { value: () => gates[index++]?.opened }) as EventSource
    for (const before of ['start', 'id 1']) {
      const pending = mapped.next()
      await macrotask()
      expect(events['~position']?.cursor()).not.toBe(before)
      expect(mapped['~position']?.cursor()).toBe(before)
      gates[index - 1]?.open()
      await pending
    }
    expect(mapped['~position']?.cursor()).toBe('id 2')
  })

  test('stays unknown while an event is being mapped that came before the position was known', async () => {
    let cursor: string | undefined
    const events = Object.assign(
      (async function* () {
        cursor = 'id 1'
        yield {}
      })(),
      { '~position': { ready: Promise.resolve(), cursor: () => cursor } },
    )
    const mapping = gate()
    const mapped = mapEventIterator(events, { value: () => mapping.opened }) as EventSource
    const pending = mapped.next()
    await macrotask()
    expect(mapped['~position']?.cursor()).toBeUndefined()
    mapping.open()
    await pending
    expect(mapped['~position']?.cursor()).toBe('id 1')
  })

  test('does not exist where its source has none', () => {
    expect((mapEventIterator(source(), {}) as EventSource)['~position']).toBeUndefined()
  })
})
