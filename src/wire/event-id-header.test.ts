import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromEventIdHeader, toEventIdHeader } from './event-id-header.ts'

/** Through real headers, which normalise what they are given. */
function roundTrip(id: string): string {
  return fromEventIdHeader(new Headers({ 'last-event-id': toEventIdHeader(id) }).get('last-event-id') ?? 'none')
}

describe('an event id as a header', () => {
  test('stays as it is in ASCII', () => {
    expect(toEventIdHeader('epoch:7:tag')).toBe('epoch:7:tag')
    expect(fromEventIdHeader('epoch:7:tag')).toBe('epoch:7:tag')
  })

  test('travels as the bytes that an EventSource sends', () => {
    expect(toEventIdHeader('é😀')).toBe('\u00c3\u00a9\u00f0\u009f\u0098\u0080')
    expect(fromEventIdHeader('\u00c3\u00a9\u00f0\u009f\u0098\u0080')).toBe('é😀')
  })

  test('comes back whole', () => {
    const visible = fc.string({ unit: 'binary', minLength: 1 }).map((text) => `<${text.replace(/\p{Cc}/gu, '')}>`)
    fc.assert(
      fc.property(visible, (id) => {
        expect(roundTrip(id)).toBe(id)
      }),
      { seed: 1, numRuns: 500 },
    )
  })

  test('comes back whole when it begins with what looks like a byte order mark', () => {
    expect(roundTrip('\ufeff7')).toBe('\ufeff7')
  })

  test('does not fail on bytes that are no UTF-8', () => {
    expect(fromEventIdHeader('a\u00ff')).toBe('a\ufffd')
  })
})
