import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { rejection, take } from '../../test/tools/probes.ts'
import { type Schema, ValidationError } from '../core/schema.ts'
import { getEventMeta } from '../event/event-meta.ts'
import { ChannelTable } from './channel-options.ts'
import { MemoryLog } from './memory-log.ts'
import { Publisher } from './publisher.ts'

type Events = { [room: `room:${string}`]: { text: string }; notices: any; 'a.b': any }

let log: MemoryLog

beforeEach(() => {
  log = new MemoryLog()
})

afterEach(() => log.close())

test('a channel has the options of its name, else of the first pattern that fits', () => {
  const [exact, rooms, all] = [{ retention: { events: 1 } }, { retention: { events: 2 } }, { retention: { events: 3 } }]
  const table = new ChannelTable({ 'room:*': rooms, '*': all, 'room:7': exact, 'room:8': undefined })
  const found = ['room:7', 'room:8', 'room:9', 'room:', 'room:a\nb', 'Room:7', 'other'].map((c) => table.optionsOf(c))
  expect(found).toEqual([exact, {}, rooms, rooms, rooms, all, all])
})

test('a name is taken as it is, but for its stars', () => {
  const options = { retention: { events: 1 } }
  const table = new ChannelTable({ 'a.b+(c)*-d*': options })
  expect(['a.b+(c)-d', 'a.b+(c)x-dy', 'axb+(c)-d', 'a.b+(c)'].map((c) => table.optionsOf(c) === options)).toEqual([
    true,
    true,
    false,
    false,
  ])
})

test('each channel keeps as much as its options say', async () => {
  const publisher = new Publisher<Events>(log, {
    retention: { events: 3 },
    channels: { 'room:*': { retention: { events: 1 } } },
  })
  for (let n = 0; n < 5; n++)
    await Promise.all([publisher.publish('room:7', { text: '' }), publisher.publish('a.b', n)])
  expect((await log.heads(['room:7', 'a.b'])).map(({ trimmed }) => trimmed)).toEqual([4, 2])
  await publisher.close()
})

describe('a schema', () => {
  const message = z.object({ text: z.string().trim().min(1) })
  const withSchema = (schema: Schema): Publisher<Events> =>
    new Publisher<Events>(log, { channels: { notices: { schema: schema as never } } })

  test('refuses what does not fit before it is appended', async () => {
    const publisher = withSchema(message)
    const error = await rejection(publisher.publish('notices', { text: 7 }))
    expect(error).toBeInstanceOf(ValidationError)
    expect(error.message).toMatch(/^The event does not fit the schema of the channel notices: .+/)
    expect(error.issues).toHaveLength(1)
    expect(await rejection(publisher.publishAll('notices', [{ text: 'hi' }, {}]))).toBeInstanceOf(ValidationError)
    expect((await log.heads(['notices']))[0]?.position.offset).toBe(0)
    await publisher.close()
  })

  test('gives what is published, frozen and shared as ever', async () => {
    const publisher = withSchema(message)
    const subscriptions = [publisher.subscribe('notices'), publisher.subscribe('notices')]
    const { id } = await publisher.publish('notices', { text: ' hi ', more: 1 })
    const [one, two] = (await Promise.all(subscriptions.map((each) => take(each, 1)))).flat()
    expect(one).toEqual({ text: 'hi' })
    expect(one).toBe(two)
    expect(getEventMeta(one)).toEqual({ id })
    await publisher.close()
  })

  test('that makes more of an event than plain JSON makes it for each subscriber', async () => {
    const publisher = withSchema(z.object({ at: z.coerce.date() }))
    const subscriptions = [publisher.subscribe('notices'), publisher.subscribe('notices')]
    await publisher.publish('notices', { at: '2026-01-01' })
    const [one, two] = (await Promise.all(subscriptions.map((each) => take(each, 1)))).flat()
    expect(one).toEqual({ at: new Date('2026-01-01') })
    expect(one).not.toBe(two)
    await publisher.close()
  })

  test('that a stored event no longer fits makes it unreadable, with its id, and what follows can be read', async () => {
    const old = new Publisher<Events>(log)
    const { id } = await old.publish('notices', { title: 'hi' })
    await old.publish('notices', { text: 'hi' })
    const publisher = withSchema(message)
    const error = await rejection(publisher.subscribe('notices', { from: 'start' }).next())
    expect(error).toMatchObject({ code: 'EVENT_UNREADABLE', data: { id } })
    expect(error.cause).toBeInstanceOf(ValidationError)
    expect(await take(publisher.subscribe('notices', { from: error.data.id }), 1)).toEqual([{ text: 'hi' }])
    await Promise.all([old.close(), publisher.close()])
  })

  test('that is asynchronous is refused: it could not keep the order of the calls', async () => {
    const publisher = withSchema(z.string().refine(async () => true))
    expect(await rejection(publisher.publish('notices', 'hi'))).toMatchObject({
      name: 'TypeError',
      message: 'The schema of the channel notices is asynchronous: channels take synchronous ones',
    })
    await publisher.close()
  })
})
