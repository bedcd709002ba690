// In the repository the package's subpaths lead to `src`, in the packed package to `dist`: npm has no field for that.
// `prepack` runs this with `dist`, `postpack` with `src`; the one map follows from the other.
import { readFileSync, writeFileSync } from 'node:fs'

const [, , target] = process.argv
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json')

for (const subpath of subpaths) {
  const folder = subpath.slice('./'.length)
  manifest.exports[subpath] =
    target === 'src'
      ? `./src/${folder}/index.ts`
      : { types: `./dist/${folder}/index.d.ts`, default: `./dist/${folder}/index.js` }
}
writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`)
