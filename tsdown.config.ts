import { readFileSync } from 'node:fs'
import { defineConfig, type UserConfig } from 'tsdown'

// package.json is the one list of doors: what it exports from `src` in development is what gets built.
const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, string> }
const doors = Object.entries(exports).filter(([, file]) => file.startsWith('./src/'))

const config: UserConfig = defineConfig({
  entry: Object.fromEntries(doors.map(([subpath, file]) => [`${subpath.slice(2)}/index`, file])),
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  // One file for each of ours: what users see in their debugger is what stands in the repository.
  unbundle: true,
  deps: { neverBundle: [/^node:/] },
  logLevel: 'warn',
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
})

export default config
