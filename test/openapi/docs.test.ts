import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { DocBlocks } from '../tools/doc-blocks.ts'

const blocks = new DocBlocks('docs/openapi.md')

afterAll(() => blocks.delete())

test('the server and the client of docs/openapi.md do what their page says', async () => {
  const { server } = await blocks.import<{ server: Server }>('server.ts')
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`
  expect(await (await fetch(`${url}/planets?page=2&tags[]=rocky`)).json()).toEqual([{ id: 1, name: 'Earth' }])
  const watched = await fetch(`${url}/planets/watch?types[]=made`, { headers: { 'last-event-id': '1' } })
  expect((await watched.text()).match(/^id: \d$/gm)).toEqual(['id: 2', 'id: 3'])
  const { connect } = await blocks.import<{ connect: (url: string) => any }>('client.ts')
  const client = connect(url)
  expect(await client.create({ name: 'Mars', seen: new Date(0) })).toEqual({
    id: 2,
    name: 'Mars',
    seen: new Date(0).toISOString(),
  })
  await expect(client.find({ id: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND', defined: true })
  server.closeAllConnections()
  server.close()
}, 60_000)
