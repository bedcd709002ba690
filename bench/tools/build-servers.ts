import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'tsdown'

const WORKLOADS = join(import.meta.dirname, '..', 'workloads')
const OUTPUT = join(import.meta.dirname, '..', '.dist')

/** What a folder of workloads holds besides its servers. */
const NO_SERVERS = ['cases.ts']

/**
 * Builds what runs in processes of its own, Headwater with it, as an application's bundler would: a loader that compiles
 * on the way would cost some contenders more than others.
 */
export async function buildServers(): Promise<void> {
  const entry = Object.fromEntries(
    readdirSync(WORKLOADS, { withFileTypes: true })
      .filter((folder) => folder.isDirectory())
      .flatMap(({ name: workload }) =>
        readdirSync(join(WORKLOADS, workload))
          .filter((file) => file.endsWith('.ts') && !NO_SERVERS.includes(file))
          .map((file) => [`${workload}/${file.slice(0, -3)}`, join(WORKLOADS, workload, file)]),
      ),
  )
  await build({
    config: false,
    entry,
    outDir: OUTPUT,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    dts: false,
    // Its binary is found beside its own code only.
    deps: { alwaysBundle: [/^headwater\b/], neverBundle: ['@photostructure/sqlite'] },
    outExtensions: () => ({ js: '.mjs' }),
    logLevel: 'error',
  })
}

/** Where the script of a contender was built to. */
export function serverScript(workload: string, contender: string): string {
  return join(OUTPUT, workload, `${contender}.mjs`)
}
