import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { DocBlocks } from './tools/doc-blocks.ts'
import { freePort } from './tools/free-port.ts'

const root = join(import.meta.dirname, '..')
const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
const pages = ['README.md', 'ARCHITECTURE.md', 'PROTOCOL.md', 'llms.txt', ...docs.map((name) => `docs/${name}`)]

const start = new DocBlocks('start.md')
const others = ['inspector.md', 'auth.md', 'migrating-from-trpc.md', 'migrating-from-socket-io.md'].map(
  (page) => new DocBlocks(page),
)
const children: ChildProcess[] = []

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const blocks of [start, ...others]) blocks.delete()
})

/** The anchors that a page has: its headings, as GitHub names them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = readFileSync(join(root, page), 'utf8').matchAll(/^#+ (.*)$/gm)
  const name = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
  return new Set([...headings].map(([, heading = '']) => name(heading)))
}

test.each(pages)('every link of %s leads somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8').replace(/```.*?```/gs, '')
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const broken = links.filter((link) => {
    if (/^https?:/.test(link)) return false
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? page : join(page, '..', file)
    return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(target).has(anchor))
  })
  expect(broken).toEqual([])
})

test('every page of the docs can be found from the README and from llms.txt', () => {
  for (const index of ['README.md', 'llms.txt']) {
    const text = readFileSync(join(root, index), 'utf8')
    expect(docs.filter((name) => !text.includes(`docs/${name}`))).toEqual([])
  }
})

test('the blocks of the pages for newcomers compile', () => {
  expect(start.files).toEqual(['contract.ts', 'server.ts', 'client.ts', 'page.tsx', 'vite.config.ts'])
  expect(others.map(({ files }) => files.length)).toEqual([3, 6, 1, 1])
  expect(start.compile(...others)).toEqual([])
}, 180_000)

test('who starts in five minutes sees each message once, over a kill -9 of the server', async () => {
  const port = String(await freePort())
  start.replace('3000', port)
  const output: Record<string, string> = {}
  const run = (name: string): ChildProcess => {
    const args = ['--import', 'tsx', join(start.folder, name)]
    const child = spawn(process.execPath, args, { cwd: start.folder, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    output[name] ??= ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
    return child
  }
  const shows = (name: string, text: string): Promise<void> =>
    vi.waitFor(() => expect(output[name]).toContain(text), { timeout: 30_000 })
  const send = (text: string): Promise<Response> => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ json: { from: 'you', text } })
    return fetch(`http://localhost:${port}/rpc/send`, { method: 'POST', headers, body })
  }

  const server = run('server.ts')
  await shows('server.ts', 'Listening')
  run('client.ts')
  await shows('client.ts', 'me: Hello\n')
  expect((await send('first')).status).toBe(200)
  await shows('client.ts', 'you: first\n')
  server.kill('SIGKILL')
  await shows('client.ts', 'connection: waiting\n')

  output['server.ts'] = ''
  run('server.ts')
  await shows('server.ts', 'Listening')
  await send('second')
  await shows('client.ts', 'you: second\n')
  const messages = output['client.ts']?.split('\n').filter((line) => /^(me|you):/.test(line))
  expect(messages).toEqual(['me: Hello', 'you: first', 'you: second'])
}, 120_000)
