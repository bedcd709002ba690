// In the repository the package's subpaths lead to `src`, in the packed package to `dist`: npm has no field for that.
// `prepack` runs this with `dist`, `postpack` with `src`; the one map follows from the other.
import { readFileSync, writeFileSync } from 'node:fs'

const [, , target] = process.argv
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const subpaths = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json')

/** A file of the other side as one of this. */
function point(path) {
  const name = path.replace(/^\.\/(src|dist)\//, '').replace(/\.(d\.ts|ts|js)$/, '')
  return target === 'src' ? `./src/${name}.ts` : `./dist/${name}.js`
}

for (const subpath of subpaths) {
  const folder = subpath.slice('./'.length)
  manifest.exports[subpath] =
    target === 'src'
      ? `./src/${folder}/index.ts`
      : { types: `./dist/${folder}/index.d.ts`, default: `./dist/${folder}/index.js` }
}
for (const conditions of Object.values(manifest.imports)) {
  for (const [condition, path] of Object.entries(conditions)) conditions[condition] = point(path)
}
writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`)
