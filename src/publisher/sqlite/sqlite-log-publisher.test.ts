import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rejection, take } from '../../../test/tools/probes.ts'
import { getEventMeta } from '../../event/event-meta.ts'
import { Publisher } from '../publisher.ts'
import type { SqliteConnection } from './database.ts'
import { openDatabase } from './driver.ts'
import { SqliteLog } from './sqlite-log.ts'

interface Event {
  readonly n: number
}

let folder: string
let opened: { close(): Promise<void> }[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headwater-sqlite-'))
  opened = []
})

afterEach(async () => {
  for (const one of opened) await one.close()
  rmSync(folder, { recursive: true })
})

/** As one more process has it. */
function createPublisher(): Publisher<Record<string, Event>> {
  const log = new SqliteLog({ path: join(folder, 'log.db'), durability: 'normal' })
  const publisher = new Publisher<Record<string, Event>>(log)
  opened.push(publisher, log)
  return publisher
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)
const publishNumbers = (publisher: Publisher<Record<string, Event>>, from: number, to: number) =>
  Promise.all(numbers(from, to).map((n) => publisher.publish('c', { n })))

test('subscribers in every process see every event once and in one order', async () => {
  const publishers = [createPublisher(), createPublisher(), createPublisher()]
  const subscriptions = publishers.map((publisher) => publisher.subscribe('c'))
  await Promise.all(subscriptions.map(({ ready }) => ready))
  const published = Promise.all(
    publishers.map((publisher, index) => publishNumbers(publisher, index * 100, index * 100 + 99)),
  )
  const seen = await Promise.all(subscriptions.map((subscription) => take(subscription, 300)))
  const ids = seen.map((events) => events.map((event) => getEventMeta(event)?.id))
  expect(new Set(ids[0]).size).toBe(300)
  for (const other of ids) expect(other).toEqual(ids[0])
  for (const index of publishers.keys()) {
    const own = numbers(index * 100, index * 100 + 99)
    expect(seen[0]?.map(({ n }) => n).filter((n) => own.includes(n))).toEqual(own)
  }
  expect(new Set((await published).flat().map(({ id }) => id))).toEqual(new Set(ids[0]))
})

test('a subscriber goes on in another process where it was', async () => {
  const first = createPublisher()
  const [one] = await publishNumbers(first, 1, 3)
  await first.close()
  const second = createPublisher()
  const subscription = second.subscribe('c', { lastEventId: one?.id })
  await publishNumbers(createPublisher(), 4, 5)
  expect((await take(subscription, 4)).map(({ n }) => n)).toEqual([2, 3, 4, 5])
})

test('a transaction that keeps a subscriber from starting is refused, and goes through when it begins again', async () => {
  const log = new SqliteLog({ path: join(folder, 'log.db'), durability: 'normal' })
  const publisher = new Publisher<Record<string, Event>, SqliteConnection>(log)
  await log.open()
  const connection = await openDatabase(join(folder, 'log.db'))
  opened.push(publisher, log, { close: async () => connection.close() })

  connection.exec('BEGIN IMMEDIATE')
  const subscription = publisher.subscribe('new')
  const refused = publisher.publish('new', { n: 1 }, { transaction: connection })
  expect(await rejection(refused)).toMatchObject({ code: 'TIMEOUT' })
  connection.exec('ROLLBACK')

  await subscription.ready
  connection.exec('BEGIN IMMEDIATE')
  await publisher.publish('new', { n: 2 }, { transaction: connection })
  connection.exec('COMMIT')
  publisher.wake('new')
  expect(await take(subscription, 1)).toEqual([{ n: 2 }])
})
