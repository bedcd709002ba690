import { expect, test } from 'vitest'
import { hashPage } from '../../scripts/build-inspector.mjs'
import { page } from './page.generated.ts'

test('the page is made of what stands in `page`: else run npm run build:inspector', () => {
  expect(page.made).toBe(hashPage())
})

test('nothing in the page ends its script early, and its policy knows no inline code but that', () => {
  expect(page.html.match(/<script/g)).toHaveLength(1)
  expect(page.html.match(/<\/script>/g)).toHaveLength(1)
  expect(page.policy).not.toContain('unsafe')
})
