import { readFileSync } from 'node:fs'
import { defineConfig, type UserConfig } from 'tsdown'

// package.json is the one list of doors: what it exports from `src` in development is what gets built.
const { exports, imports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string>
  imports: Record<string, Record<string, string>>
}
const doors = Object.entries(exports).filter(([, file]) => file.startsWith('./src/'))

// What is one file here and another there is found by who bundles the package for a runtime, not by this build.
const inner = Object.values(imports).flatMap((conditions) => Object.values(conditions))

const config: UserConfig = defineConfig({
  entry: Object.fromEntries([
    ...doors.map(([subpath, file]) => [`${subpath.slice(2)}/index`, file]),
    ...inner.map((file) => [file.slice('./src/'.length, -'.ts'.length), file]),
    // What `bin/headwater.mjs` starts.
    ['cli/main', './src/cli/main.ts'],
  ]),
  format: 'esm',
  platform: 'neutral',
  target: 'es2022',
  dts: true,
  // One file for each of ours: what users see in their debugger is what stands in the repository.
  unbundle: true,
  deps: { neverBundle: [/^node:/, /^#/, /^cloudflare:/] },
  logLevel: 'warn',
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
})

export default config
