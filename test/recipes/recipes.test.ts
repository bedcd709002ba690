import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClient } from '../../src/client/create-client.ts'
import { safe } from '../../src/client/safe.ts'
import type { ProcedureClient } from '../../src/contract/procedure-client.ts'
import type { RPCError } from '../../src/core/error.ts'
import { RPCLink } from '../../src/transport/fetch/rpc-link.ts'
import { freePort } from '../tools/free-port.ts'

const root = join(import.meta.dirname, '..', '..')
const docs = readFileSync(join(root, 'docs', 'procedures.md'), 'utf8')
// Inside the package, so that its own name resolves as it does for its users.
const folder = mkdtempSync(join(root, 'test', '.recipes-'))
const tsx = [process.execPath, '--import', 'tsx'] as const
const bun = join(root, 'node_modules', '.bin', 'bun')
const runLambda = join(root, 'test', 'recipes', 'run-lambda.ts')

writeFileSync(join(folder, 'router.ts'), "export { router } from '../recipes/router.ts'\n")
afterAll(() => rmSync(folder, { recursive: true }))

/** The one block of the docs that has this line. */
function blockWith(line: string): string {
  const blocks = [...docs.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code)
  const [block, ...others] = blocks.filter((code) => code.includes(line))
  if (block === undefined || others.length > 0) throw new Error(`Not one block of the docs has ${line}`)
  return block
}

/** The procedures of `router.ts`. */
type Client = Record<'echo' | 'fail' | 'size' | 'count' | 'wait' | 'leftAt', ProcedureClient<unknown, any, RPCError>>

interface Recipe {
  readonly name: string
  readonly code: string
  /** What the framework says to a path that is nobody's. */
  readonly notFound: RegExp
  readonly run: (file: string, port: number) => readonly string[]
}

const express = blockWith("from 'express'")

const recipes: readonly Recipe[] = [
  { name: 'Express', code: express, notFound: /Cannot POST/, run: (file) => [...tsx, file] },
  {
    name: 'Express behind express.json()',
    code: express.replace('express()\n', 'express()\napp.use(express.json())\n'),
    notFound: /Cannot POST/,
    run: (file) => [...tsx, file],
  },
  { name: 'Hono', code: blockWith("from 'hono'"), notFound: /^404 Not Found$/, run: (file) => [bun, file] },
  { name: 'Fastify', code: blockWith("from 'fastify'"), notFound: /Route POST:/, run: (file) => [...tsx, file] },
  {
    name: 'AWS Lambda',
    code: blockWith('awslambda.streamifyResponse'),
    notFound: /^Not found$/,
    run: (file, port) => [...tsx, runLambda, file, String(port)],
  },
]

for (const recipe of recipes) writeFileSync(fileOf(recipe), recipe.code)

function fileOf({ name }: Recipe): string {
  return join(folder, `${name.replaceAll(/\W+/g, '-').toLowerCase()}.ts`)
}

describe.each(recipes)('the recipe for $name', (recipe) => {
  let child: ChildProcess
  let origin: string
  let client: Client

  beforeAll(async () => {
    const port = await freePort()
    origin = `http://localhost:${port}`
    client = createClient(new RPCLink({ url: `${origin}/rpc` }))
    const file = fileOf(recipe)
    writeFileSync(file, recipe.code.replaceAll('3000', String(port)))
    const [command = '', ...args] = recipe.run(file, port)
    const env = { ...process.env, PORT: String(port) }
    child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] })
    while (child.exitCode === null && !(await fetch(origin).catch(() => undefined))) {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }, 30_000)

  afterAll(() => {
    child.kill('SIGKILL')
  })

  test('answers a call', async () => {
    const input = { at: new Date(0), size: 12n }
    expect(await client.echo(input)).toEqual(input)
  })

  test('gives errors back with their code, status and message', async () => {
    const { error, isDefined } = await safe(client.fail())
    expect(isDefined).toBe(true)
    expect(error).toMatchObject({ code: 'ROOM_FULL', status: 409, message: 'Try another' })
  })

  test('takes a file', async () => {
    expect(await client.size(new File(['x'.repeat(500_000)], 'x.txt'))).toBe(500_000)
  })

  test('sends a stream with the value that ends it', async () => {
    const stream = await client.count()
    const results = [await stream.next(), await stream.next(), await stream.next()]
    expect(results.map(({ value }) => value)).toEqual([1, 2, 'over'])
  })

  test('lets a handler clean up within 100 ms after its client has left', { retry: 2 }, async () => {
    const controller = new AbortController()
    const stream = await client.wait(undefined, { signal: controller.signal })
    await stream.next()
    const aborted = Date.now()
    controller.abort()
    expect((await client.leftAt()) - aborted).toBeLessThan(100)
  })

  test('leaves what is no procedure to the rest of the app', async () => {
    const response = await fetch(`${origin}/rpc/nope`, { method: 'POST' })
    expect(response.status).toBe(404)
    expect(await response.text()).toMatch(recipe.notFound)
  })
})
