import { setImmediate as macrotask } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { EventPublisher } from './event-publisher.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Publishes an object that nobody but the publisher and its subscribers holds. */
function publishBig(publisher: EventPublisher<{ big: object }>): WeakRef<object> {
  const big = { bytes: new Uint8Array(1000) }
  publisher.publish('big', big)
  return new WeakRef(big)
}

async function isCollected(ref: WeakRef<WeakKey>): Promise<boolean> {
  await macrotask()
  collectGarbage()
  return ref.deref() === undefined
}

describe('the memory of an event', () => {
  test('is let go of when every iterator has read it', async () => {
    const publisher = new EventPublisher<{ big: object }>()
    const iterators = [publisher.subscribe('big'), publisher.subscribe('big')]
    const ref = publishBig(publisher)
    const readOn = (index: number): Promise<unknown> => iterators[index]?.next() ?? Promise.reject()
    await readOn(0)
    for (let n = 0; n < 64; n++) publisher.publish('big', {})
    expect(await isCollected(ref)).toBe(false)
    for (let n = 0; n < 65; n++) await readOn(1)
    for (let n = 0; n < 64; n++) await readOn(0)
    for (let n = 0; n < 64; n++) publisher.publish('big', {})
    expect(await isCollected(ref)).toBe(true)
  })

  test('that nobody will read is let go of when the last iterator leaves, listeners or not', async () => {
    const publisher = new EventPublisher<{ big: object }>()
    publisher.subscribe('big', () => {})
    const events = publisher.subscribe('big')
    const ref = publishBig(publisher)
    await events.return()
    expect(await isCollected(ref)).toBe(true)
  })

  test('is not taken where only listeners are', async () => {
    const publisher = new EventPublisher<{ big: object }>()
    publisher.subscribe('big', () => {})
    expect(await isCollected(publishBig(publisher))).toBe(true)
  })
})

test('an iterator that is left while it waits is let go of, though others stay', async () => {
  const publisher = new EventPublisher<{ big: object }>()
  publisher.subscribe('big')
  const leave = async (): Promise<WeakRef<object>> => {
    const events = publisher.subscribe('big')
    void events.next()
    await macrotask()
    await events.return()
    return new WeakRef(events)
  }
  expect(await isCollected(await leave())).toBe(true)
})

describe('the memory of a name', () => {
  /** Subscribes under a name that nobody but the publisher holds, and leaves. */
  async function leave(publisher: EventPublisher, way: (name: symbol) => unknown): Promise<WeakRef<symbol>> {
    const name = Symbol('name')
    publisher.publish(name, 1)
    await way(name)
    return new WeakRef(name)
  }

  test('is let go of when its last subscriber leaves, in whatever way', async () => {
    const publisher = new EventPublisher()
    const ways: ((name: symbol) => unknown)[] = [
      (name) => publisher.subscribe(name, () => {})(),
      (name) => publisher.subscribe(name).return(),
      (name) => publisher.subscribe(name, { signal: AbortSignal.abort() }),
      (name) => {
        const controller = new AbortController()
        publisher.subscribe(name, { signal: controller.signal })
        controller.abort()
      },
    ]
    for (const way of ways) expect(await isCollected(await leave(publisher, way))).toBe(true)
  })

  test('is kept while somebody is there, though another leaves twice', async () => {
    const publisher = new EventPublisher()
    const off = publisher.subscribe('a', () => {})
    off()
    const events = publisher.subscribe('a')
    off()
    publisher.publish('a', 1)
    expect((await events.next()).value).toBe(1)
  })
})
