import { expect, test } from 'vitest'
import { formatRoute, parseRoute } from './route.ts'

test('a procedure with any name is found again by its address', () => {
  for (const names of [['chat', 'send'], ['a/b', 'ü #?%'], []]) {
    expect(parseRoute(formatRoute('procedures', names))).toEqual({ view: 'procedures', names })
  }
})

test.each(['', '#', '#/', '#/nowhere/else', '#//x'])('%j is where the page begins', (hash) => {
  expect(parseRoute(hash)).toEqual({ view: 'procedures', names: [] })
})

test('an address that somebody has mistyped is no error', () => {
  expect(parseRoute('#/channels/100%')).toEqual({ view: 'channels', names: ['100%'] })
})
