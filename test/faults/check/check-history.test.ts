import { describe, expect, test } from 'vitest'
import type { Entry, Happening, Setting } from '../history.ts'
import { checkHistory } from './check-history.ts'

const SETTING: Setting = {
  offsets: 'contiguous',
  retention: {},
  patience: 1000,
  publishPatience: 500,
  slack: 1000,
  keysKept: 60_000,
  maxBuffered: 1e6,
}

type Part = Happening | readonly Happening[]

/** A history of things that happen 10 ms after each other. */
function history(...parts: readonly Part[]): Entry[] {
  return parts.flat().map((happening, index) => ({ at: index * 10, ...happening }))
}

const id = (offset: number, epoch = 'e'): string => `${epoch}:${offset}:t${offset}`

const publish = (number: number, more: object = {}): Happening => ({
  ...{ type: 'publish', event: `p/${number}`, channel: 'c', publisher: 'p', number, keyed: true, attempt: 0 },
  ...more,
})
const ack = (number: number, offset = number, epoch = 'e'): Happening => ({
  ...{ type: 'acked', event: `p/${number}`, id: id(offset, epoch), duplicate: false },
})
/** Published and acknowledged, at the places that are their numbers. */
const published = (...numbers: readonly number[]): Happening[] =>
  numbers.flatMap((number) => [publish(number), ack(number)])
const open = (after = 'start', more: object = {}): Happening => ({
  ...{ type: 'open', reader: 'r', channel: 'c', transport: 'sse', after },
  ...more,
})
const see = (number: number, offset = number, epoch = 'e', intact = true): Happening => ({
  ...{ type: 'seen', reader: 'r', event: `p/${number}`, id: id(offset, epoch), intact },
})
const seen = (...numbers: readonly number[]): Happening[] => numbers.map((number) => see(number))
const gap = (reason: string, last: string, oldest: string, head: string): Happening => ({
  ...{ type: 'gap', reader: 'r', reason, lastEventId: last, oldest, head },
})
const list = (numbers: readonly number[], epoch = 'e', trimmed = 0): Happening => ({
  ...{ type: 'listed', channel: 'c', epoch, trimmed },
  events: numbers.map((number) => ({ event: `p/${number}`, id: id(number, epoch) })),
})
const figures = (more: object): Happening => ({
  ...{ type: 'figures', process: 's', when: 'end', streams: 0, buffered: 0, reads: 0 },
  ...more,
})

function found(entries: readonly Entry[], setting: Partial<Setting> = {}): string[] {
  return checkHistory(entries, { ...SETTING, ...setting }).map(({ promise, what }) => `${promise} ${what}`)
}

test('a history in which all is as promised passes', () => {
  expect(found(history(published(1, 2, 3), open(), seen(1, 2, 3), list([1, 2, 3])))).toEqual([])
})

describe('an iteration (S1, S2)', () => {
  test('with a hole', () => {
    expect(found(history(published(1, 2, 3), open(), seen(1, 3)))).toEqual(['S1 A hole of 1 before p/3'])
  })

  test('with a hole that nobody knows of, where offsets are contiguous', () => {
    const entries = history(published(1), publish(5), ack(5), open(), seen(1), see(5))
    expect(found(entries)).toEqual(['S1 A hole of 3 before p/5, of which nobody knows'])
    expect(found(entries, { offsets: 'ordered' })).toEqual([])
  })

  test('with a hole at its start', () => {
    expect(found(history(published(1, 2), open(), seen(2)))).toEqual(['S1 A hole of 1 at the start'])
    expect(found(history(published(1, 2), open('now'), seen(2)))).toEqual([])
  })

  test('with a hole behind the id from which it resumed', () => {
    expect(found(history(published(1, 2, 3), open(id(1)), seen(3)))).toEqual(['S1 A hole of 1 before p/3'])
  })

  test('with an event twice, also over a resume', () => {
    expect(found(history(published(1, 2), open(), seen(1, 1)))).toEqual(['S1 p/1 came twice'])
    expect(found(history(published(1, 2), open(id(2)), seen(2)))).toEqual(['S1 p/2 came twice'])
  })

  test('in another order', () => {
    const entries = history(published(1, 2, 3), open(), seen(1, 2, 3, 2))
    expect(found(entries)).toEqual(['S1 p/2 came after what follows it'])
  })

  test('of another history, without a gap', () => {
    const entries = history(published(1), publish(2), ack(2, 1, 'f'), open(), seen(1), see(2, 1, 'f'))
    expect(found(entries)).toEqual(['S1 The history was another one without a word of a gap'])
  })

  test('of an event that is not what was published, was never published, or is of another channel', () => {
    const other = publish(2, { channel: 'd' })
    expect(found(history(published(1), open(), see(1, 1, 'e', false)))).toEqual(['S1 p/1 was not what was published'])
    expect(found(history(published(1), open(), seen(1), see(7, 2)))).toEqual(['S1 p/7 was never published'])
    expect(found(history(published(1), other, open(), seen(1, 2)))).toEqual(['S1 p/2 is of another channel'])
  })

  test('after the reader had left', () => {
    const entries = history(published(1), open(), { type: 'left', reader: 'r' }, seen(1))
    expect(found(entries)).toEqual(['S1 It got an event after it had left'])
  })

  test('that is over, or fails with anything but a gap', () => {
    expect(found(history(open(), { type: 'done', reader: 'r' }))).toEqual([
      'S2 Its stream was over, which nobody had ended',
    ])
    const failed: Happening = { type: 'failed', reader: 'r', code: 'OOPS', message: 'no' }
    expect(found(history(open(), failed))).toEqual(['S2 Its stream failed: OOPS, no'])
    expect(found(history(open(), { ...failed, code: 'UNAUTHORIZED' }))).toEqual([])
  })

  test('that gives two events one id', () => {
    const entries = history(published(1), publish(2), ack(2, 1), open(), seen(1))
    expect(found(entries)[0]).toBe('S1 e:1:t1 is p/1 for one and e:1:t1 is p/2 for another')
  })
})

describe('a gap', () => {
  const flush: Happening = { type: 'fault', fault: 'flush', target: 'redis', losesHistory: true }

  test('to another epoch is true only where a fault loses history', () => {
    const lost = gap('epoch', id(1), id(0, 'f'), id(0, 'f'))
    expect(found(history(published(1), open(), seen(1), flush, lost))).toEqual([])
    expect(found(history(published(1), open(), seen(1), lost))[0]).toMatch(/^P1 History was lost/)
  })

  test('for what was trimmed is true only when so much followed, or so much time has passed', () => {
    const trimmed = gap('trimmed', id(1), id(2), id(5))
    const entries = history(published(1, 2, 3, 4, 5), open(id(1)), trimmed, open(id(2)), seen(3, 4, 5))
    expect(found(entries, { retention: { events: 3 } })).toEqual([])
    expect(found(entries, { retention: { events: 4 } })[0]).toMatch(/^O1 Trimmed before its time: 3 events are left/)
    expect(found(entries, { retention: { seconds: 60 } })[0]).toMatch(/^O1 Trimmed before its time/)
  })

  test('where nothing is missing', () => {
    const entries = history(published(1, 2), open(), seen(1, 2), gap('trimmed', id(2), id(2), id(2)))
    expect(found(entries, { retention: { events: 0 } })[0]).toMatch(/^S1 A gap where nothing is missing/)
  })

  test('by overflow, or without a way to go on', () => {
    expect(found(history(open(), gap('overflow', id(1), id(1), id(1))))[0]).toMatch(/^S5 It overflowed/)
    expect(found(history(open(), gap('trimmed', id(1), '', '')))[0]).toMatch(/^S1 A gap without a way to go on/)
  })

  test('does not excuse what is missing behind it', () => {
    const trimmed = gap('trimmed', id(1), id(2), id(5))
    const entries = history(published(1, 2, 3, 4, 5), open(id(1)), trimmed, open(id(2)), seen(4, 5))
    expect(found(entries, { retention: { events: 3 } })).toEqual(['S1 A hole of 1 before p/4'])
  })
})

describe('publishing', () => {
  test('what was acknowledged and is gone (P1)', () => {
    const entries = history(published(1, 2), list([1]))
    expect(found(entries)).toEqual(['P1 p/2 was acknowledged at e:2:t2 and is gone'])
    expect(found(history(published(1, 2), list([2], 'e', 1)))).toEqual([])
  })

  test('what was acknowledged without a place and is nowhere (P1)', () => {
    const entries = history(published(1), publish(2), { type: 'acked', event: 'p/2', duplicate: false }, list([1]))
    expect(found(entries)).toEqual(['P1 p/2 was acknowledged and is nowhere'])
  })

  test('what was refused, or rolled back, and is there (P1, P4)', () => {
    const refused: Happening = { type: 'refused', event: 'p/1', code: 'ROLLBACK' }
    expect(found(history(publish(1), refused, list([1])))).toEqual([
      'P1 p/1 was refused (ROLLBACK) and is there all the same',
    ])
    expect(found(history(publish(1, { transaction: true }), refused, list([1])))[0]).toMatch(/^P4/)
  })

  test('what is not known may be there or not', () => {
    const unknown: Happening = { type: 'unknown', event: 'p/1', code: 'APPEND_UNKNOWN' }
    expect(found(history(publish(1), unknown, list([1])))).toEqual([])
    expect(found(history(publish(1), unknown, list([])))).toEqual([])
  })

  test('an id that was given twice, but not the one of a trimmed place whose tag is forgotten', () => {
    const acked = (id: string): Happening => ({ type: 'acked', event: 'p/1', id, duplicate: true })
    expect(found(history(publish(1), ack(1), acked('e:1:other')))[0]).toMatch(
      /^S1 e:1:t1 is p\/1 for one and e:1:other/,
    )
    expect(found(history(publish(1), ack(1), acked('e:1:-')))).toEqual([])
  })

  test('an event that was appended twice (P2)', () => {
    const again = publish(1, { attempt: 1 })
    const entries = history(publish(1), ack(1), again, ack(1, 2))
    expect(found(entries)).toEqual(['P2 p/1 stands in the log twice: e:1:t1 and e:2:t2'])
    expect(found(history(publish(1), ack(1), again, ack(1)))).toEqual([])
    const late = { ...ack(1, 2), at: 60_001 }
    expect(found(history(publish(1), ack(1), again, late)).join()).not.toContain('P2')
  })

  test("events in another order than their publisher's calls (P3)", () => {
    const entries = history(publish(1), publish(2), ack(2, 1), ack(1, 2), {
      ...list([]),
      events: [
        { event: 'p/2', id: id(1) },
        { event: 'p/1', id: id(2) },
      ],
    } as Happening)
    expect(found(entries)).toEqual(['P3 p/1 was published before p/2 and stands behind it'])
  })
})

describe('promptness (S3, S4)', () => {
  const late = (at: number): Entry[] => [
    { at: 0, ...open() },
    { at: 10, ...publish(1) },
    { at: 20, ...ack(1) },
    { at, ...see(1) },
  ]

  test('an event that comes late', () => {
    expect(found(late(1000))).toEqual([])
    expect(found(late(1100))).toEqual(['S3 p/1 came 1080 ms after nothing was in its way any more'])
  })

  test('is late only from the end of the latest fault on', () => {
    const fault = { at: 30, type: 'fault', fault: 'stall', target: 'x' } as const
    const healed = { at: 500, type: 'healed', fault: 'stall' } as const
    const [opened, called, acked, saw] = late(1400) as [Entry, Entry, Entry, Entry]
    expect(found([opened, called, acked, fault, healed, saw])).toEqual([])
  })

  test('an event that never comes', () => {
    const entries = history(published(1, 2), open(), seen(1), list([1, 2]))
    expect(found(entries)).toEqual(['S3 It never got 1 events from p/2 on'])
    expect(found(history(published(1, 2), open(), seen(1), { type: 'left', reader: 'r' }, list([1, 2])))).toEqual([])
  })
})

describe('who waits for what is new', () => {
  const wait = (at: number): Entry[] => [
    { at: 0, ...open('now') },
    { at: 10, type: 'opened', reader: 'r' },
    { at, ...publish(1) },
    { at: at + 10, ...ack(1) },
  ]
  const struck = (at: number): Entry[] => [
    { at, type: 'fault', fault: 'cut', target: 'x' },
    { at: at + 1, type: 'healed', fault: 'cut' },
  ]
  const end = (at: number): Entry => ({ at, ...list([1, 2]) })

  test('gets it, though it has seen no event from which it could go on', () => {
    expect(found([...wait(1100), end(1200)])).toEqual(['S3 It never got 1 events from p/1 on'])
    expect(found([...wait(1100), ...struck(1050), end(1200)])).toEqual(['S3 It never got 1 events from p/1 on'])
    const second = history(publish(2), ack(2), see(2)).map((entry) => ({ ...entry, at: entry.at + 1200 }))
    expect(found([...wait(1100), ...second])).toEqual(['S1 A hole of 1 after its opening'])
  })

  test('may miss what came before it had begun for sure', () => {
    expect(found([...wait(400), end(1200)])).toEqual([])
    expect(found([...wait(1100), ...struck(300), end(1200)])).toEqual([])
  })
})

describe('twins', () => {
  const open = (transport: string): Happening => ({
    ...{ type: 'open', reader: `r.${transport}`, channel: 'c', transport, after: 'start' },
  })
  const seen = (transport: string, ...numbers: readonly number[]): Happening[] =>
    numbers.map((number) => ({ ...see(number), reader: `r.${transport}` }) as Happening)

  test('see the same, however far they have come (S7)', () => {
    const entries = history(published(1, 2, 3), open('sse'), open('ws'), seen('sse', 1, 2, 3), seen('ws', 1, 2))
    expect(found(entries)).toEqual([])
  })

  test('see what the others do not (S7)', () => {
    const entries = history(published(1, 2, 3), open('sse'), open('ws'), seen('sse', 1, 2, 3), seen('ws', 1, 3))
    expect(found(entries)).toContain('S7 Its event 2 is p/3 e:3:t3, and p/2 e:2:t2 to r.sse')
  })
})

describe('publishers (P5)', () => {
  const slow = (...between: readonly Entry[]): Entry[] => [{ at: 0, ...publish(1) }, ...between, { at: 600, ...ack(1) }]
  const fault = (more: object): Entry => ({ at: 100, type: 'fault', fault: 'cut', target: 'x', ...more })

  test('that wait though no fault is in their way', () => {
    const expected = 'P5 p/1 was acknowledged 600 ms after it was published, and no fault was in its way'
    expect(found(slow())).toEqual([expected])
    expect(found(slow(fault({})))).toEqual([expected])
    expect(found(slow(fault({ hindersPublishers: true })))).toEqual([])
    expect(found(slow(), { publishPatience: 700 })).toEqual([])
  })
})

describe('resources', () => {
  test('reads of the log that events do not explain (O2)', () => {
    expect(found(history(published(1), figures({ reads: 302 })))).toEqual([])
    expect(found(history(published(1), figures({ reads: 303 })))).toEqual(['O2 It read the log 303 times for 1 events'])
  })

  test('more than may wait for a connection (S5)', () => {
    expect(found(history(figures({ buffered: 2e6 })))).toEqual(['S5 2000000 bytes waited for one connection'])
  })

  test('an event on credentials that are over (S6)', () => {
    const entries = (at: number): Entry[] => [
      ...history(published(1), open(), { type: 'token', reader: 'r', expires: 100 }),
      { at, ...see(1) },
    ]
    expect(found(entries(900))).toEqual([])
    expect(found(entries(1200), { patience: 9999 })).toEqual(['S6 It got p/1 1100 ms after its credentials were over'])
  })

  test('what is left when all have gone (O4)', () => {
    expect(found(history(figures({ streams: 1, left: ['Timeout'] })))).toEqual([
      'O4 1 subscriptions are open, and nobody is there',
      'O4 Closed, it was kept alive by Timeout',
    ])
  })
})
