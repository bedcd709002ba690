// @vitest-environment happy-dom
import { expect, test } from 'vitest'
import { jsonTree, previewOf, textOf } from './json-tree.ts'

test.each([
  [new Date(0), 'Date(1970-01-01T00:00:00.000Z)'],
  [new Date(Number.NaN), 'Date(invalid)'],
  [5n, '5n'],
  [undefined, 'undefined'],
  [new URL('https://example.com/'), 'URL(https://example.com/)'],
  [new Map([[1, 2]]), 'Map(1)'],
  ['a "b"', '"a \\"b\\""'],
  [{ at: new Date(0), big: 5n }, '{"at":"Date(1970-01-01T00:00:00.000Z)","big":"5n"}'],
])('case %#: a value is shown in a line, as what it is', (value, text) => expect(previewOf(value)).toBe(text))

test('what is copied is text as it is, and else JSON that can be read again', () => {
  expect(textOf('as it is')).toBe('as it is')
  expect(JSON.parse(textOf({ ids: new Set([1, 2]), names: new Map([['a', 1]]) }))).toEqual({
    ids: [1, 2],
    names: [['a', 1]],
  })
})

test('a long list shows a hundred of its entries, and more when asked', () => {
  const tree = jsonTree(Array.from({ length: 250 }, (_, n) => n))
  const shown = (): number => tree.querySelectorAll('.json-line').length
  const more = (): HTMLElement | null => tree.querySelector('button')
  expect([shown(), more()?.textContent]).toEqual([100, '100 more of 150'])
  more()?.click()
  expect([shown(), more()?.textContent]).toEqual([200, '50 more of 50'])
  more()?.click()
  expect([shown(), more()]).toEqual([250, null])
})

test('what is inside of a branch that is closed is not made before it is opened', () => {
  const tree = jsonTree({ long: Array.from({ length: 50 }, (_, n) => n), short: [1, 2] })
  const [root, long, short] = tree.querySelectorAll('details')
  expect([root?.open, long?.open, short?.open]).toEqual([true, false, true])
  expect(long?.querySelectorAll('.json-line')).toHaveLength(0)
})

test('HTML in a value is text', () => {
  const tree = jsonTree({ '<img src=x>': '<script>alert(1)</script>' })
  expect(tree.querySelectorAll('img, script')).toHaveLength(0)
  expect(tree.textContent).toContain('<script>alert(1)</script>')
})
