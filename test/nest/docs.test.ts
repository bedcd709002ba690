import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DocBlocks } from '../tools/doc-blocks.ts'
import { freePort } from '../tools/free-port.ts'

const blocks = new DocBlocks('docs/nest.md')
let child: ChildProcess | undefined

afterAll(() => {
  child?.kill('SIGKILL')
  blocks.delete()
})

test('the application of docs/nest.md does what its page says', async () => {
  const config = { compilerOptions: { experimentalDecorators: true } }
  writeFileSync(join(blocks.folder, 'tsconfig.json'), JSON.stringify(config))
  const port = await freePort()
  child = spawn(process.execPath, ['--import', 'tsx', 'main.ts'], {
    cwd: blocks.folder,
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  })
  const url = `http://localhost:${port}/rooms/lobby/messages`
  const headers = { 'x-user': 'ada', 'content-type': 'application/json' }
  const open = (): Promise<Response | undefined> => fetch(url, { headers }).catch(() => undefined)
  const stream = await expect.poll(open, { timeout: 120_000, interval: 200 }).toBeDefined().then(open)
  const sent = await fetch(url, { method: 'POST', headers, body: '{"text":"Hi"}' })
  expect([sent.status, await sent.json()]).toEqual([201, { user: 'ada', text: 'Hi' }])
  expect((await fetch(url)).status).toBe(403)
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const text = await stream?.text()
  expect(text).toContain('data: {"user":"ada","text":"Hi"}')
  expect(text).not.toContain('event: done')
  await exited
}, 300_000)
