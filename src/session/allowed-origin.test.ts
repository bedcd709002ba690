import { expect, test } from 'vitest'
import { isAllowedOrigin } from './allowed-origin.ts'

test.each([
  ['no browser', {}, true],
  ['a page of this host', { origin: 'https://app.test' }, true],
  ['a page of an origin that is named', { origin: 'https://other.test:8443' }, true],
  ['a page of another port', { origin: 'https://app.test:8443' }, false],
  ['a page of another site', { origin: 'https://evil.test' }, false],
  ['a page of a site whose name begins alike', { origin: 'https://app.test.evil.test' }, false],
  ['a page without an origin of its own', { origin: 'null' }, false],
])('%s: a connection is given or refused', (_, own, allowed) => {
  const headers = { host: 'app.test', ...own }
  expect(isAllowedOrigin({ headers }, ['https://other.test:8443'])).toBe(allowed)
  expect(isAllowedOrigin({ headers: new Headers(headers) }, ['https://other.test:8443'])).toBe(allowed)
})
