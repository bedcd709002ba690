import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, type Rollup } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'headwater-package-'))
const user = join(folder, 'user')
let tarball: string

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

beforeAll(() => {
  // Packed from a copy: packing points package.json at `dist` for a moment, which other tests would stumble over.
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  const parts = ['src', 'scripts', 'package.json', 'tsconfig.json', 'tsdown.config.ts', 'README.md', 'LICENSE', 'docs']
  for (const part of [...parts, 'ARCHITECTURE.md', 'PROTOCOL.md'])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  run('npm', ['pack', '--pack-destination', folder], copy)
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  tarball = join(folder, `${name}-${version}.tgz`)
  mkdirSync(join(user, 'node_modules'), { recursive: true })
  run('tar', ['xzf', tarball, '-C', join(user, 'node_modules')], user)
  run('mv', ['package', 'headwater'], join(user, 'node_modules'))
  writeFileSync(join(user, 'package.json'), '{ "type": "module" }')
}, 180_000)

afterAll(() => rmSync(folder, { recursive: true }))

test('the packed package runs in plain Node: a call and a stream through its own doors', () => {
  writeFileSync(
    join(user, 'main.js'),
    `import { createServer } from 'node:http'
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
       live: api.live.handler(({ signal }) => publisher.subscribe('news', { signal })),
     }))
     const server = createServer((request, response) => handler.handle(request, response)).listen(0)
     await once(server, 'listening')
     const client = createClient(new RPCLink({ url: 'http://localhost:' + server.address().port }))
     const live = await client.live()
     await client.send({ n: 1 })
     for await (const event of live) { console.log(JSON.stringify(event)); break }
     await publisher.close()
     server.close()
     server.closeAllConnections()`,
  )
  expect(run(process.execPath, ['main.js'], user)).toBe('{"n":1}\n')
}, 30_000)

test.each([
  ['Workers', ['workerd', 'worker', 'browser'], true],
  ['a server', ['node'], false],
])(
  'the packed package is bundled for %s with the objects of there',
  async (_, conditions, isWorkers) => {
    symlinkSync(join(root, 'node_modules/jose'), join(user, 'node_modules/jose'))
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
    rmSync(join(user, 'node_modules/jose'))
  },
  60_000,
)

test('nothing but what users need is in the package', () => {
  const files = run('tar', ['tzf', tarball], folder).trim().split('\n')
  const unexpected = files.filter(
    (file) => !/^package\/(dist\/.*\.(js|d\.ts)|docs\/.*\.(md|svg|png)|[A-Z]+(\.md)?|package\.json)$/.test(file),
  )
  expect(unexpected).toEqual([])
  expect(files.filter((file) => file.includes('.test'))).toEqual([])
})

test('publint and attw find nothing wrong with it', () => {
  const bin = join(root, 'node_modules', '.bin')
  expect(run(join(bin, 'publint'), [tarball, '--strict'], root)).toContain('All good!')
  run(join(bin, 'attw'), [tarball, '--profile', 'esm-only'], root)
}, 180_000)
