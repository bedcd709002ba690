// What a publisher costs beside a loop over the bare driver, and beside a peer:
//   npm run bench:publisher -- [--only logs|peers|redis…] [--rounds 5] [--quick]
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { build } from 'tsdown'
import { benchLogs } from './bench-logs.ts'
import { benchPeers } from './bench-peers.ts'
import { LOGS } from './cases.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
  },
})

/** Built once, as users have it: what runs TypeScript as it is, makes closures dearer. */
const folder = new URL('../node_modules/.cache/publisher/', import.meta.url).pathname
await build({
  config: false,
  entry: { driven: new URL('driven.ts', import.meta.url).pathname },
  outDir: folder,
  format: 'esm',
  platform: 'node',
  target: 'es2022',
  dts: false,
  deps: { neverBundle: [/^[^./]/] },
  logLevel: 'error',
})

const settings = {
  rounds: Number(values.rounds),
  cpu: values.quick ? 200 : 1000,
  script: `${folder}driven.mjs`,
}
try {
  const logs = Object.keys(LOGS).filter((name) => values.only === 'logs' || name.includes(values.only))
  for (const name of logs) await benchLogs(name, settings)
  if ('peers redis'.includes(values.only)) await benchPeers(settings)
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.exit()
