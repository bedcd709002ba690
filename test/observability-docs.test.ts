import { afterAll, expect, test } from 'vitest'
import { DocBlocks } from './tools/doc-blocks.ts'

const blocks = new DocBlocks('docs/observability.md')

afterAll(() => blocks.delete())

test('the files of docs/observability.md run', async () => {
  expect(blocks.files).toEqual(['server.ts', 'client.ts', 'log.ts'])
  for (const name of blocks.files) await blocks.import(name)
})
