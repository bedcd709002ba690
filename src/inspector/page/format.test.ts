import { expect, test } from 'vitest'
import {
  formatAge,
  formatBytes,
  formatClient,
  formatCount,
  formatDuration,
  formatPlace,
  formatRate,
  offsetOf,
} from './format.ts'

test.each([
  [0, '0'],
  [1234, '1,234'],
  [99_999, '99,999'],
  [100_000, '100K'],
  [1_250_000, '1.3M'],
])('%d events are %s', (count, text) => expect(formatCount(count)).toBe(text))

test.each([
  [0, '0'],
  [0.44, '0.4'],
  [9.94, '9.9'],
  [9.96, '10'],
  [12.4, '12'],
  [250_000, '250K'],
])('%d a second are %s: small rates have a digit behind the point, large ones none', (rate, text) =>
  expect(formatRate(rate)).toBe(text),
)

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 KB'],
  [1024 * 1.5, '1.5 KB'],
  [1024 * 512, '512 KB'],
  [1024 ** 2 * 3, '3.0 MB'],
  [1024 ** 4 * 2, '2,048 GB'],
])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

test.each([
  [0.83, '0.8 ms'],
  [9.96, '10 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [1340, '1.3 s'],
  [61_000, '1 min'],
])('what took %d ms took %s', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text))

test.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3 * 3_600_000 + 5 * 60_000, '3 h 5 min'],
  [50 * 3_600_000, '2 d 2 h'],
])('what is %d ms old is %s old, also where the clock of the server runs ahead', (milliseconds, text) =>
  expect(formatAge(milliseconds)).toBe(text),
)

test('the place of an id is its offset; ids of other kinds are shown as they are', () => {
  expect(formatPlace('kx3v9w0q2m1z:1042:f81k0c')).toBe('1,042')
  expect(formatPlace('kx3v9w0q2m1z:97:-')).toBe('97')
  expect(formatPlace('order-7')).toBe('order-7')
  expect(formatPlace(undefined)).toBe('–')
  expect(offsetOf('2026-11-21T20:15:00Z')).toBeUndefined()
})

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    'Chrome 142',
  ],
  ['Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.1.2', 'Edge 142'],
  [
    'Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0',
    'Opera 124',
  ],
  ['Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15', 'Safari 26'],
  ['Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox 145'],
  [
    'Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.1 Mobile/15E148 Safari/604.1',
    'Chrome 142',
  ],
  [
    'Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15',
    'Firefox 145',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0',
    'Edge 142',
  ],
  ['curl/8.5.0', 'curl/8.5.0'],
  ['node', 'node'],
  [undefined, '–'],
])('who says %s is %s', (client, text) => expect(formatClient(client)).toBe(text))
