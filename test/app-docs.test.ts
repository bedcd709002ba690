import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningServer } from 'headwater/app'
import { afterAll, expect, test } from 'vitest'
import { DocBlocks } from './tools/doc-blocks.ts'

const blocks = new DocBlocks('app.md')
const ui = new DocBlocks('react.md', 'tanstack-query.md')

afterAll(() => {
  blocks.delete()
  ui.delete()
})

test('the blocks of docs/app.md compile, and its server does what they say', async () => {
  expect([blocks.files, blocks.compile()]).toEqual([['server.ts', 'client.ts'], []])
  const { server } = await blocks.import<{ server: RunningServer }>('server.ts')
  const { client } = await blocks.import<{ client: any }>('client.ts')
  const live = await client.post.live()
  const body = JSON.stringify({ title: 'Hello' })
  const headers = { 'content-type': 'application/json', 'x-user': 'ada' }
  const created = await fetch(`${server.url}/api/post/create`, { method: 'POST', body, headers })
  expect(await created.json()).toEqual({ id: 1, title: 'Hello, by ada' })
  expect((await live.next()).value).toEqual({ id: 1, title: 'Hello, by ada' })
  await live.return()
  expect((await fetch(`${server.url}/api/spec.json`)).status).toBe(200)
  await server.close()
}, 60_000)

test('the blocks of docs/react.md and docs/tanstack-query.md compile', () => {
  const files = ['contract.ts', 'room.tsx', 'board.tsx', 'lobby.tsx', 'orpc.ts', 'planets.tsx', 'page.tsx']
  expect([ui.files, ui.compile()]).toEqual([files, []])
}, 60_000)

test('the blocks of docs/next.md are those of the example', () => {
  const root = join(import.meta.dirname, '..')
  const docs = readFileSync(join(root, 'docs/next.md'), 'utf8')
  const blocks = [...docs.matchAll(/```tsx?\n\/\/ (\S+)\n(.*?)```/gs)]
  expect(blocks).toHaveLength(5)
  for (const [, file = '', code] of blocks) {
    expect(code, file).toBe(readFileSync(join(root, 'examples/nest-next/apps/web', file), 'utf8'))
  }
})
