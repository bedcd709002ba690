import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { getEventMeta, withEventMeta } from '../event/event-meta.ts'
import { formatId, NO_TAG, type Position, parseId } from './position.ts'

const SEED = 20_261_007

const positions: fc.Arbitrary<Position> = fc.record({
  epoch: fc.stringMatching(/^[0-9a-z]{1,64}$/),
  offset: fc.nat({ max: 999_999_999_999_999 }),
  tag: fc.oneof(fc.stringMatching(/^[0-9a-z]{1,64}$/), fc.constant(NO_TAG)),
})

/** Texts that are ids, nearly ids, or nothing of the kind. */
const texts = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-zA-Z]{0,3}:[-+0-9e.]{0,17}:[0-9a-z:-]{0,3}\s?$/))

describe('an id', () => {
  test('stands for the place that it was made from', () => {
    fc.assert(
      fc.property(positions, (position) => {
        expect(parseId(formatId(position))).toEqual(position)
      }),
      { seed: SEED },
    )
  })

  test('has one form only: what parses is what would be sent out', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const position = parseId(text)
        if (position !== undefined) expect(formatId(position)).toBe(text)
      }),
      { seed: SEED, numRuns: 2000, examples: [['a:007:b'], ['a:00:b'], ['a:0:b'], ['a:10:-']] },
    )
  })

  test('of the very beginning parses', () => {
    expect(parseId(`abc:0:${NO_TAG}`)).toEqual({ epoch: 'abc', offset: 0, tag: NO_TAG })
  })

  test('fits into the wire, however long its parts are', () => {
    const longest = formatId({ epoch: 'z'.repeat(64), offset: 999_999_999_999_999, tag: 'z'.repeat(64) })
    expect(getEventMeta(withEventMeta({}, { id: longest }))?.id).toBe(longest)
  })
})

describe('what is no id of ours', () => {
  test.each([
    ['nothing', ''],
    ["a count of the user's own", '42'],
    ['two parts', 'abc:1'],
    ['four parts', 'abc:1:tag:more'],
    ['no epoch', ':1:tag'],
    ['no offset', 'abc::tag'],
    ['no tag', 'abc:1:'],
    ['a negative offset', 'abc:-1:tag'],
    ['a signed offset', 'abc:+1:tag'],
    ['half an offset', 'abc:1.5:tag'],
    ['an offset with an exponent', 'abc:1e3:tag'],
    ['a hexadecimal offset', 'abc:0x1:tag'],
    ['digits of another script', 'abc:١:tag'],
    ['an offset that a number cannot hold exactly', 'abc:9007199254740993:tag'],
    ['capital letters', 'ABC:1:tag'],
    ['the epoch of a place in no channel', '-:0:-'],
    ['space before it', ' abc:1:tag'],
    ['a line break behind it', 'abc:1:tag\n'],
    ['NUL in it', 'abc:1:t\0g'],
    ['an epoch of endless length', `${'a'.repeat(65)}:1:tag`],
    ['a tag of endless length', `abc:1:${'a'.repeat(65)}`],
  ])('is not read as one: %s', (_, text) => {
    expect(parseId(text)).toBeUndefined()
  })

  test('is refused without backtracking, however long it is', () => {
    for (const text of ['a'.repeat(1e6), `${'1'.repeat(1e6)}:`, `a:${'1'.repeat(1e6)}:b`, ':'.repeat(1e6)]) {
      expect(parseId(text)).toBeUndefined()
    }
  })
})
