import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'
import { afterAll, expect, test, vi } from 'vitest'
import { DocBlocks } from './tools/doc-blocks.ts'
import { fencesOf } from './tools/doc-fences.ts'
import { freePort } from './tools/free-port.ts'

const root = join(import.meta.dirname, '..')
const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
const pages = ['README.md', 'ARCHITECTURE.md', 'PROTOCOL.md', 'llms.txt', ...docs.map((name) => `docs/${name}`)]

const LANGUAGES = ['ts', 'tsx', 'html', 'diff', 'sh', 'json', 'text', 'nginx', 'haproxy', 'caddyfile']
/** Its blocks are files of an example, which is compiled as what it is. */
const NEXT = 'docs/next.md'
const blocks = pages.filter((page) => page.endsWith('.md') && page !== NEXT).map((page) => new DocBlocks(page))
const start = blocksOf('docs/start.md')
const children: ChildProcess[] = []

afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  for (const page of blocks) page.delete()
})

function blocksOf(page: string): DocBlocks {
  const found = blocks.find((candidate) => candidate.page === page)
  if (found === undefined) throw new Error(`There is no ${page}`)
  return found
}

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

test.each(pages)('every block of %s says what it is written in', (page) => {
  const languages = fencesOf(readFileSync(join(root, page), 'utf8')).map(({ language }) => language)
  expect(languages.filter((language) => !LANGUAGES.includes(language))).toEqual([])
})

test('every block of TypeScript compiles', () => {
  expect(DocBlocks.compile(blocks)).toEqual([])
}, 300_000)

test('the blocks of docs/next.md are those of the example', () => {
  const fences = fencesOf(readFileSync(join(root, NEXT), 'utf8')).filter(({ language }) => /^tsx?$/.test(language))
  expect(fences).toHaveLength(5)
  for (const { code } of fences) {
    const [first = '', ...lines] = code.split('\n')
    const file = join(root, 'examples/nest-next/apps/web', first.replace('// ', ''))
    expect(lines.join('\n'), first).toBe(readFileSync(file, 'utf8'))
  }
})

test.each([
  ['docs/publisher.md', 'first.ts'],
  ['docs/streams.md', 'squares.ts'],
  ['docs/procedures.md', 'same-process.ts'],
])('the block of %s that is %s prints what it says', async (page, name) => {
  const { folder } = blocksOf(page)
  const said = [...readFileSync(join(folder, name), 'utf8').matchAll(/\/\/ → (.*)/g)].map(([, text]) => text)
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  await blocksOf(page).import(name)
  expect(log.mock.calls.map((values) => format(...values))).toEqual(said)
  log.mockRestore()
})

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
