import { describe, expect, test, vi } from 'vitest'
import { later, outcome, rejection, settle, take } from '../../test/tools/probes.ts'
import {
  type Events,
  errors,
  log,
  memory,
  other,
  publisher,
  useTwoPublishers,
} from '../../test/tools/two-publishers.ts'
import { getEventMeta } from '../event/event-meta.ts'
import type { AppendOptions, LogCapabilities, NewRecord } from './event-log.ts'
import { MemoryLog } from './memory-log.ts'
import { Publisher } from './publisher.ts'

useTwoPublishers()

const idsOf = (events: readonly unknown[]): (string | undefined)[] => events.map((event) => getEventMeta(event)?.id)

describe('a subscription from an id', () => {
  test('begins after that event, where a client has not come further', async () => {
    const ids = await Promise.all([1, 2, 3, 4].map((n) => other.publish('c', n)))
    const from = ids[0]?.id
    expect(await take(publisher.subscribe('c', { from }), 3)).toEqual([2, 3, 4])
    expect(await take(publisher.subscribe('c', { from, lastEventId: ids[2]?.id }), 1)).toEqual([4])
    expect(await take(publisher.subscribe('c', { from: 'now', lastEventId: ids[2]?.id }), 1)).toEqual([4])
  })

  test.each(['start', 'now', 'end'])('is a gap for %j as a lastEventId', async (lastEventId) => {
    expect(await rejection(publisher.subscribe('c', { lastEventId }).next())).toMatchObject({
      code: 'EVENT_GAP',
      data: { lastEventId },
    })
  })
})

describe('a listener', () => {
  test('gets every event with its id, until it is taken off', async () => {
    const events: unknown[] = []
    const off = publisher.subscribe('c', (event) => events.push(event))
    const { id } = await publisher.publish('c', { n: 1 })
    await other.publish('c', { n: 2 })
    await settle()
    expect(events).toEqual([{ n: 1 }, { n: 2 }])
    expect(idsOf(events)[0]).toBe(id)
    off()
    await publisher.publish('c', { n: 3 })
    await settle()
    expect(events).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(log.watched).toEqual([])
  })

  test('takes the options of a subscription', async () => {
    await other.publish('c', 1)
    const events: unknown[] = []
    const controller = new AbortController()
    publisher.subscribe('c', (event) => events.push(event), { from: 'start', signal: controller.signal })
    await settle()
    controller.abort()
    await publisher.publish('c', 2)
    await settle()
    expect(events).toEqual([1])
    expect(errors).toEqual([])
  })

  test('that throws or rejects is told to onError and goes on', async () => {
    const bug = new Error('bug')
    const events: unknown[] = []
    publisher.subscribe('c', (event) => {
      events.push(event)
      throw bug
    })
    publisher.subscribe('c', () => Promise.reject(bug))
    await publisher.publish('c', 1)
    await publisher.publish('c', 2)
    await settle()
    expect(events).toEqual([1, 2])
    expect(errors).toEqual([bug, bug, bug, bug])
  })

  test('has an onError of its own, which learns of gaps', async () => {
    const own: unknown[] = []
    publisher.subscribe('c', () => {}, { lastEventId: 'gone', onError: (error) => own.push(error) })
    await settle()
    expect(own).toMatchObject([{ code: 'EVENT_GAP' }])
    expect(errors).toEqual([])
  })
})

describe('a batch', () => {
  test('is appended as one, and answered with the id of its last event', async () => {
    const subscription = publisher.subscribe('c')
    const results = [publisher.publish('c', { n: 1 }), publisher.publishAll('c', [{ n: 2 }, { n: 3 }])]
    const after = publisher.publish('c', { n: 4 })
    const events = await take(subscription, 4)
    expect(events.map(({ n }) => n)).toEqual([1, 2, 3, 4])
    const ids = (await Promise.all([...results, after])).map(({ id }) => id)
    expect(ids).toEqual([idsOf(events)[0], idsOf(events)[2], idsOf(events)[3]])
    expect(log.calls.append).toBe(2)
  })

  test('has one key for all', async () => {
    const subscription = publisher.subscribe('c')
    const first = await publisher.publishAll('c', [1, 2], { idempotencyKey: 'k' })
    const again = await other.publishAll('c', [1, 2], { idempotencyKey: 'k' })
    expect(again).toEqual({ id: first.id, duplicate: true })
    await publisher.publish('c', 3)
    expect(await take(subscription, 3)).toEqual([1, 2, 3])
  })

  test('may have events that are arrays', async () => {
    const subscription = publisher.subscribe('c')
    await publisher.publishAll('c', [[1], [2, 3]])
    expect(await take(subscription, 2)).toEqual([[1], [2, 3]])
  })

  test('of nothing is refused, and so is one that cannot be encoded, as a whole', async () => {
    expect(await rejection(publisher.publishAll('c', []))).toBeInstanceOf(TypeError)
    expect(await rejection(publisher.publishAll('c', [1, new Blob([])]))).toBeInstanceOf(TypeError)
    expect(log.calls.append).toBe(0)
  })

  test('is read back where the places of its events are not known', async () => {
    const ordered = declared({ offsets: 'ordered' })
    const by = new Publisher<Events>(ordered)
    const subscription = by.subscribe('c')
    const { id } = await by.publishAll('c', [{ n: 1 }, { n: 2 }])
    const events = await take(subscription, 2)
    expect(idsOf(events)[1]).toBe(id)
    await by.close()
  })

  test('is refused by a log that cannot append it as one, but for a batch of one', async () => {
    const by = new Publisher<Events>(declared({ atomicBatch: false }))
    expect(await rejection(by.publishAll('c', [1, 2]))).toMatchObject({ code: 'NOT_IMPLEMENTED' })
    expect(await by.publishAll('c', [1])).toMatchObject({ duplicate: false })
    await by.close()
  })
})

describe('a transaction', () => {
  interface Transaction {
    readonly committed: Promise<void>
  }

  /** Appends that come with a transaction take place when it is committed. */
  class TransactionalLog extends MemoryLog {
    readonly transactions: unknown[] = []

    override async append(channel: string, records: readonly NewRecord[], options: AppendOptions<never>) {
      const transaction = options.transaction as Transaction | undefined
      this.transactions.push(transaction)
      if (transaction === undefined) return super.append(channel, records, options)
      const place = { epoch: 'e', offset: 9, tag: 't' }
      transaction.committed.then(() => super.append(channel, records, options)).catch(() => {})
      return { before: place, first: place, last: place, duplicate: false }
    }
  }

  const setUp = () => {
    const log = new TransactionalLog()
    Object.assign(log, { capabilities: { ...memory.capabilities, transaction: true } })
    return { log, by: new Publisher<Events, Transaction>(log) }
  }

  test('is handed to the log, and subscribers get the event when it is committed', async () => {
    const { log, by } = setUp()
    const subscription = by.subscribe('c')
    const pending = later(subscription.next())
    let commit = (): void => {}
    const transaction = { committed: new Promise<void>((resolve) => (commit = resolve)) }
    expect(await by.publish('c', 1, { transaction })).toEqual({ id: 'e:9:t', duplicate: false })
    expect(await outcome(pending)).toBe('pending')
    commit()
    await settle()
    by.wake('c')
    expect(await outcome(pending)).toMatchObject({ value: { value: 1 } })
    expect(log.transactions).toEqual([transaction])
    await Promise.all([by.close(), log.close()])
  })

  test('that is rolled back leaves nothing', async () => {
    const { log, by } = setUp()
    const subscription = by.subscribe('c')
    await by.publish('c', 1, { transaction: { committed: Promise.reject(new Error('rolled back')) } })
    await by.publish('c', 2)
    expect(await take(subscription, 1)).toEqual([2])
    await Promise.all([by.close(), log.close()])
  })

  test('does not wait for publishes that may be waiting for it', async () => {
    const { log, by } = setUp()
    vi.spyOn(log, 'append').mockReturnValueOnce(new Promise(() => {}))
    void by.publish('c', 1)
    const committed = new Promise<void>(() => {})
    expect(await outcome(by.publish('c', 2, { transaction: { committed } }))).toHaveProperty('value')
    await Promise.all([by.close(), log.close()])
  })

  test('is refused by a log that knows none', async () => {
    const by = new Publisher<Events, Transaction>(memory as never)
    expect(await rejection(by.publish('c', 1, { transaction: {} as never }))).toMatchObject({ code: 'NOT_IMPLEMENTED' })
    await by.close()
  })
})

describe('authorize', () => {
  test('is asked when the subscription begins, and keeps it from beginning', async () => {
    const denied = new Error('denied')
    const subscription = publisher.subscribe('c', { authorize: () => Promise.reject(denied) })
    expect(await rejection(subscription.ready)).toBe(denied)
    expect(await rejection(subscription.next())).toBe(denied)
  })

  test('does not move the start', async () => {
    const subscription = publisher.subscribe('c', { authorize: () => settle() })
    await publisher.publish('c', 1)
    expect(await take(subscription, 1)).toEqual([1])
  })

  test('is asked before each page of history', async () => {
    await Promise.all(Array.from({ length: 600 }, (_, n) => other.publish('c', n)))
    let asked = 0
    const denied = new Error('denied')
    const subscription = publisher.subscribe('c', {
      from: 'start',
      authorize: () => {
        if (++asked === 3) throw denied
      },
    })
    expect(await take(subscription, 512)).toHaveLength(512)
    expect(await rejection(subscription.next())).toBe(denied)
  })
})

test('a gap that onGap passes over can be asked for, once', async () => {
  await other.publish('c', 1)
  const subscription = publisher.subscribe('c', { lastEventId: 'gone', onGap: 'oldest' })
  expect(await take(subscription, 1)).toEqual([1])
  const position = subscription['~position']
  expect([position.takeGap?.(), position.takeGap?.()]).toMatchObject([
    { gap: { reason: 'epoch', lastEventId: 'gone' }, after: expect.any(String) },
    undefined as never,
  ])
})

function declared(capabilities: Partial<LogCapabilities>): MemoryLog {
  return Object.assign(new MemoryLog(), { capabilities: { ...memory.capabilities, ...capabilities } })
}
