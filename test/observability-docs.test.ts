import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
// Inside the package, so that its own name resolves as it does for its users.
const folder = mkdtempSync(join(root, 'test', '.recipes-'))

afterAll(() => rmSync(folder, { recursive: true }))

test('the blocks of docs/observability.md compile and run', { timeout: 120_000 }, async () => {
  const docs = readFileSync(join(root, 'docs/observability.md'), 'utf8')
  const blocks = [...docs.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)]
  expect(blocks.map(([, name]) => name)).toEqual(['server.ts', 'client.ts', 'log.ts'])
  for (const [, name = '', code = ''] of blocks) writeFileSync(join(folder, name), code)
  writeFileSync(
    join(folder, 'router.ts'),
    `import { os } from 'headwater/server'\nexport const router = { ping: os.handler(() => 1) }\n`,
  )
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
  for (const [, name = ''] of blocks) await import(join(folder, name))
})
