import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { freePort } from './tools/free-port.ts'

const root = join(import.meta.dirname, '..')
// Inside the package, so that its own name resolves as it does for its users.
const folder = mkdtempSync(join(root, 'test', '.readme-'))
const file = join(folder, 'example.ts')
let child: ChildProcess | undefined

afterAll(() => {
  child?.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

test('the example of the README is 30 lines or so, and prints what it says', async () => {
  const port = await freePort()
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  expect(example.trim().split('\n').length).toBeLessThanOrEqual(34)
  writeFileSync(file, example.replaceAll('3000', String(port)))

  child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  const output: string = await new Promise((resolve) => child?.stdout?.setEncoding('utf8').once('data', resolve))
  expect(output).toBe('Hello, stream\n')
}, 180_000)
