// What one more procedure costs the compiler: type instantiations per procedure added, between 100 and 200 of them, with
// zod schemas, shared errors and every tenth one a stream. The figures are the same on every machine. With a number as its
// argument: what a whole application of so many procedures costs, as JSON.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

function contractAndClient(count) {
  const names = Array.from({ length: count }, (_, index) => `p${index}`)
  const procedures = names.map((name, index) => {
    const output = `z.object({ id: z.string(), n: z.number(), tag: z.enum(['a', 'b']) })`
    const wrapped = index % 10 === 0 ? `eventIterator(${output})` : output
    return `  ${name}: base.input(z.object({ id: z.string(), page: z.number().optional() })).output(${wrapped}),`
  })
  return `
import { createClient } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { type ContractRouterClient, eventIterator, oc } from 'headwater/contract'
import { z } from 'zod'
const base = oc.errors({ NOT_FOUND: { data: z.object({ id: z.string() }) }, CONFLICT: {} })
export const contract = {
${procedures.join('\n')}
}
export const client: ContractRouterClient<typeof contract> = createClient(new RPCLink({ url: '/rpc' }))
`
}

function calls(count) {
  return Array.from({ length: count }, (_, index) => `export const r${index} = client.p${index}({ id: '1' })`).join(
    '\n',
  )
}

function implementation(count) {
  const handlers = Array.from({ length: count }, (_, index) => {
    const value = `{ id: input.id, n: input.page ?? 0, tag: 'a' as const }`
    const handler = index % 10 === 0 ? `async function* ({ input }) { yield ${value} }` : `({ input }) => (${value})`
    return `  p${index}: api.p${index}.handler(${handler}),`
  })
  return `
import { implement } from 'headwater/server'
const api = implement(contract)
export const router = api.router({
${handlers.join('\n')}
})
`
}

function instantiations(source) {
  const folder = mkdtempSync(join(root, 'test', '.types-'))
  try {
    const file = join(folder, 'app.ts')
    writeFileSync(file, source)
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
    const program = ts.createProgram([file], { ...options, declaration: false, isolatedDeclarations: false })
    const problems = program.getSemanticDiagnostics(program.getSourceFile(file))
    if (problems.length > 0) throw new Error(ts.formatDiagnostics(problems, ts.createCompilerHost(options)))
    return program.getInstantiationCount()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Instantiations per procedure added: declared in a contract with its client, called, implemented. */
export function measureTypeCost() {
  const perProcedure = (build) => (instantiations(build(200)) - instantiations(build(100))) / 100
  return {
    contractAndClient: perProcedure(contractAndClient),
    withCalls: perProcedure((count) => contractAndClient(count) + calls(count)),
    withImplementation: perProcedure((count) => contractAndClient(count) + implementation(count)),
  }
}

/** The same application in oRPC's words. */
function toORPC(source) {
  return source.replaceAll('headwater/', '@orpc/').replace('{ createClient }', '{ createORPCClient as createClient }')
}

/** What the compiler does for an application of so many procedures: contract, client and implementation. */
function checkApplication(count, library) {
  const source = contractAndClient(count) + implementation(count)
  const { user, system } = process.cpuUsage()
  const total = instantiations(library === 'orpc' ? toORPC(source) : source)
  const used = process.cpuUsage()
  return { seconds: (used.user + used.system - user - system) / 1e6, instantiations: total }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , count, library] = process.argv
  console.log(JSON.stringify(count === undefined ? measureTypeCost() : checkApplication(Number(count), library)))
}
