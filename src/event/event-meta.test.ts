import { describe, expect, test } from 'vitest'
import { attachEventMeta, copyEventMeta, type EventMeta, getEventMeta, withEventMeta } from './event-meta.ts'

const META: EventMeta = { id: '7', retry: 100, comments: ['c1'] }

describe('withEventMeta', () => {
  test('gives a copy that carries the meta; the value itself stays without', () => {
    const value = { text: 'hello', nested: { deep: true } }
    const event = withEventMeta(value, META)
    expect(event).toStrictEqual(value)
    expect(event).not.toBe(value)
    expect(event.nested).toBe(value.nested)
    expect(getEventMeta(event)).toEqual(META)
    expect(getEventMeta(value)).toBeUndefined()
  })

  test('leaves nothing in the event that JSON or a key would show', () => {
    const event = withEventMeta({ a: 1 }, META)
    expect(Reflect.ownKeys(event)).toEqual(['a'])
    expect(JSON.stringify(event)).toBe('{"a":1}')
  })

  test('lets one value be live in two streams under two ids', () => {
    const value = { n: 1 }
    const [first, second] = [withEventMeta(value, { id: 'a:1' }), withEventMeta(value, { id: 'b:9' })]
    expect([first, second].map((event) => getEventMeta(event)?.id)).toEqual(['a:1', 'b:9'])
  })

  test('gives an event another id without touching the first one', () => {
    const first = withEventMeta({ n: 1 }, { id: '1', retry: 100 })
    const second = withEventMeta(first, { id: '2' })
    expect(getEventMeta(first)).toEqual({ id: '1', retry: 100 })
    expect(getEventMeta(second)).toEqual({ id: '2' })
  })

  test('keeps what the meta was at the call', () => {
    const meta = { id: '1', comments: ['a'] }
    const event = withEventMeta({ n: 1 }, meta)
    meta.id = '2'
    meta.comments.push('b\nc')
    expect(getEventMeta(event)).toEqual({ id: '1', comments: ['a'] })
  })

  test('takes frozen values', () => {
    const value = Object.freeze({ list: Object.freeze([1]) })
    expect(getEventMeta(withEventMeta(value, META))).toEqual(META)
    expect(getEventMeta(withEventMeta(value.list, META))).toEqual(META)
  })

  test.each<{ kind: string; value: object }>([
    { kind: 'array', value: [1, { a: 2 }] },
    { kind: 'map', value: new Map([['a', 1]]) },
    { kind: 'set', value: new Set([1, 2]) },
    { kind: 'date', value: new Date(5) },
    { kind: 'url', value: new URL('http://x.test/?q=1') },
    { kind: 'regexp', value: /a+/gi },
  ])('copies a value as what it is: $kind', ({ value }) => {
    const event = withEventMeta(value, META)
    expect(event).toStrictEqual(value)
    expect(event).not.toBe(value)
    expect(getEventMeta(event)).toEqual(META)
    expect(getEventMeta(value)).toBeUndefined()
  })

  test('copies blobs and files with their content', async () => {
    const blob = withEventMeta(new Blob(['abc'], { type: 'text/css' }), META)
    const file = withEventMeta(new File(['def'], 'f.txt', { type: 'text/plain', lastModified: 5 }), META)
    expect(blob).not.toBeInstanceOf(File)
    expect([blob.type, await blob.text()]).toEqual(['text/css', 'abc'])
    expect(file).toBeInstanceOf(File)
    expect([file.name, file.type, file.lastModified, await file.text()]).toEqual(['f.txt', 'text/plain', 5, 'def'])
  })

  test('makes an instance of a class an object of the same prototype and properties', () => {
    class Message {
      readonly text: string
      constructor(text: string) {
        this.text = text
      }
      get shout(): string {
        return this.text.toUpperCase()
      }
    }
    const event = withEventMeta(new Message('hi'), META)
    expect(event).toBeInstanceOf(Message)
    expect(event).toStrictEqual(new Message('hi'))
    expect(event.shout).toBe('HI')
    expect(getEventMeta(event)).toEqual(META)
  })

  test('does not run the accessors of an instance', () => {
    class Lazy {}
    const lazy = new Lazy()
    Object.defineProperty(lazy, 'cost', { enumerable: true, get: () => expect.unreachable('ran the getter') })
    expect(Object.keys(withEventMeta(lazy, META))).toEqual(['cost'])
  })

  test.each([1, 'text', true, null, undefined, 1n, Symbol('s'), () => 1])(
    'refuses %s, which carries no meta',
    (value) => {
      expect(() => withEventMeta(value as never, META)).toThrow(TypeError)
      expect(getEventMeta(value)).toBeUndefined()
    },
  )
})

describe('meta that the wire cannot carry', () => {
  const refused = (meta: EventMeta): void => {
    expect(() => withEventMeta({}, meta)).toThrow(TypeError)
  }

  test.each([
    ['none at all', ''],
    ['a line break', 'a\nb'],
    ['a carriage return', 'a\rb'],
    ['NUL', 'a\0b'],
    ['257 bytes', 'x'.repeat(257)],
    ['257 bytes in fewer characters', `x${'é'.repeat(128)}`],
  ])('an id of %s is refused', (_, id) => {
    refused({ id })
  })

  test.each(['\u0001', 'a\u001fb', '\u007f', ' 7', '7 ', '\t7'])(
    'an id is refused that no header carries back as it is: %j',
    (id) => {
      refused({ id })
    },
  )

  test('an id that is no string is refused', () => {
    refused({ id: 7 as unknown as string })
    refused({ id: null as unknown as string })
  })

  test.each(['7', 'a b', 'epoch:7:tag', 'é😀', 'x'.repeat(256), 'é'.repeat(128)])('the id %j is fine', (id) => {
    expect(getEventMeta(withEventMeta({}, { id }))?.id).toBe(id)
  })

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '100'])('a retry of %s is refused', (retry) => {
    refused({ retry: retry as number })
  })

  test('a comment with a line break is refused', () => {
    refused({ comments: ['fine', 'not\nfine'] })
    refused({ comments: ['not\rfine'] })
  })

  test('what is undefined is not looked at', () => {
    const event = withEventMeta({}, { id: undefined, retry: 0, comments: undefined })
    expect(getEventMeta(event)?.retry).toBe(0)
  })
})

describe('copyEventMeta', () => {
  const event = withEventMeta({ n: 1 }, META)

  test('gives the meta to a copy of what was made out of the event', () => {
    const made = { n: '1' }
    const copy = copyEventMeta(event, made)
    expect(copy).toStrictEqual(made)
    expect(getEventMeta(copy)).toEqual(META)
    expect(getEventMeta(made)).toBeUndefined()
  })

  test('gives back the event itself where nothing was made out of it', () => {
    expect(copyEventMeta(event, event)).toBe(event)
  })

  test('wins over meta that the made value has from elsewhere', () => {
    const other = withEventMeta({ n: 2 }, { id: 'other' })
    expect(getEventMeta(copyEventMeta(event, other))).toEqual(META)
    expect(getEventMeta(other)).toEqual({ id: 'other' })
  })

  test('leaves values as they are where there is no meta, or nothing to carry it', () => {
    const made = {}
    expect(copyEventMeta({}, made)).toBe(made)
    expect(copyEventMeta('text', made)).toBe(made)
    expect(copyEventMeta(event, 'text')).toBe('text')
    expect(copyEventMeta(event, null)).toBe(null)
  })
})

describe('attachEventMeta', () => {
  test('gives meta to the object itself, and none to what cannot carry it', () => {
    const value = {}
    expect(attachEventMeta(value, META)).toBe(value)
    expect(getEventMeta(value)).toEqual(META)
    expect(attachEventMeta('text', META)).toBe('text')
    expect(getEventMeta('text')).toBeUndefined()
  })
})
