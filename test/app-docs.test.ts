import type { RunningServer } from 'headwater/app'
import { afterAll, expect, test } from 'vitest'
import { DocBlocks } from './tools/doc-blocks.ts'

const blocks = new DocBlocks('docs/app.md')

afterAll(() => blocks.delete())

test('the server of docs/app.md does what its page says', async () => {
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
