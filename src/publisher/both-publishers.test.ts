import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import { EventPublisher } from '../event/event-publisher.ts'
import { MemoryLog } from './memory-log.ts'
import { Publisher } from './publisher.ts'

/** What `Publisher` and `EventPublisher` have in common. */
interface CommonPublisher {
  publish(channel: string, event: unknown): unknown
  subscribe(channel: string, options?: { signal?: AbortSignal }): AsyncGenerator<any, void, void>
  subscribe(channel: string, listener: (event: any) => unknown): () => void
}

const log = new MemoryLog()
const bug = new Error('bug')

describe.each([
  ['EventPublisher', (onError: (error: unknown) => void) => new EventPublisher({ onError })],
  ['Publisher', (onError: (error: unknown) => void) => new Publisher<Record<string, any>>(log, { onError })],
])('%s', (_, create) => {
  let errors: unknown[]
  let publisher: CommonPublisher

  beforeEach(() => {
    errors = []
    publisher = create((error) => errors.push(error)) as CommonPublisher
  })

  afterEach(() => (publisher instanceof Publisher ? publisher.close() : undefined))

  test('gives an iterator all that is published after the call of subscribe, in order', async () => {
    await publisher.publish('c', 0)
    const events = publisher.subscribe('c')
    for (const n of [1, 2, 3]) void publisher.publish('c', n)
    expect(await take(events, 3)).toEqual([1, 2, 3])
  })

  test('keeps channels apart', async () => {
    const [one, two] = [publisher.subscribe('one'), publisher.subscribe('two')]
    void publisher.publish('two', 2)
    void publisher.publish('one', 1)
    expect([await take(one, 1), await take(two, 1)]).toEqual([[1], [2]])
  })

  test('gives every iterator and every listener every event', async () => {
    const heard: unknown[] = []
    const iterators = [publisher.subscribe('c'), publisher.subscribe('c')]
    const listener = (event: unknown): void => void heard.push(event)
    publisher.subscribe('c', listener)
    publisher.subscribe('c', listener)
    void publisher.publish('c', 1)
    expect(await Promise.all(iterators.map((each) => take(each, 1)))).toEqual([[1], [1]])
    await settle()
    expect(heard).toEqual([1, 1])
  })

  test('calls a listener no more that was taken off, twice is once', async () => {
    const heard: unknown[] = []
    const off = publisher.subscribe('c', (event) => heard.push(event))
    await publisher.publish('c', 1)
    await settle()
    off()
    off()
    await publisher.publish('c', 2)
    await settle()
    expect(heard).toEqual([1])
  })

  test('tells onError what a listener throws or rejects with, and goes on', async () => {
    const heard: unknown[] = []
    publisher.subscribe('c', () => {
      throw bug
    })
    publisher.subscribe('c', () => Promise.reject(bug))
    publisher.subscribe('c', (event) => heard.push(event))
    await publisher.publish('c', 1)
    await settle()
    expect([heard, errors]).toEqual([[1], [bug, bug]])
  })

  test('rejects a pending and a next next() with the reason of the signal, in that subscriber alone', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const [waiting, idle, staying] = [
      publisher.subscribe('c', { signal }),
      publisher.subscribe('c', { signal }),
      publisher.subscribe('c'),
    ]
    const pending = later(waiting.next())
    await settle()
    controller.abort(bug)
    expect(await outcome(pending)).toEqual({ error: bug })
    expect(await rejection(idle.next())).toBe(bug)
    void publisher.publish('c', 1)
    expect(await take(staying, 1)).toEqual([1])
  })

  test('answers a pending next() at once when the iterator is left', async () => {
    const events = publisher.subscribe('c')
    const pending = events.next()
    await events.return()
    expect(await outcome(pending)).toEqual({ value: { done: true, value: undefined } })
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })
})
