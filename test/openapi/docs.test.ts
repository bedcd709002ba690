import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
// Inside the package, so that its own name resolves as it does for its users.
const folder = mkdtempSync(join(import.meta.dirname, '.docs-'))

afterAll(() => rmSync(folder, { recursive: true }))

test('the blocks of docs/openapi.md compile, and its server and client do what they say', async () => {
  const docs = readFileSync(join(root, 'docs/openapi.md'), 'utf8')
  const blocks = [...docs.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)]
  expect(blocks).toHaveLength(7)
  for (const [, name = '', code = ''] of blocks) writeFileSync(join(folder, name), code)
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  // Examples need not say types that are plain to see.
  const lenient = { ...options, isolatedDeclarations: false, declaration: false }
  const program = ts.createProgram(
    blocks.map(([, name = '']) => join(folder, name)),
    lenient,
  )
  const problems = ts.getPreEmitDiagnostics(program)
  expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([])

  const { server } = (await import(join(folder, 'server.ts'))) as { server: Server }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`
  expect(await (await fetch(`${url}/planets?page=2&tags[]=rocky`)).json()).toEqual([{ id: 1, name: 'Earth' }])
  const watched = await fetch(`${url}/planets/watch?types[]=made`, { headers: { 'last-event-id': '1' } })
  expect((await watched.text()).match(/^id: \d$/gm)).toEqual(['id: 2', 'id: 3'])
  const { connect } = (await import(join(folder, 'client.ts'))) as { connect: (url: string) => any }
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
