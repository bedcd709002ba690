// Makes the next version out of the changesets in `.changeset`: package.json, its lockfile and CHANGELOG.md say it then,
// and the changesets are gone. The tool of that name takes only packages below the root of a repository with workspaces.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const KINDS = ['major', 'minor', 'patch']

const folder = '.changeset'
const changesets = readdirSync(folder)
  .filter((name) => name.endsWith('.md') && name !== 'README.md')
  .sort()
  .map((name) => parse(name, readFileSync(join(folder, name), 'utf8')))

if (changesets.length === 0) {
  console.error('There are no changesets: nothing has changed for users')
  process.exit(1)
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const before = manifest.version
const version = next(
  before,
  KINDS.find((kind) => changesets.some((changeset) => changeset.kind === kind)),
)

const sections = KINDS.flatMap((kind) => {
  const items = changesets.filter((changeset) => changeset.kind === kind)
  const title = `### ${kind[0].toUpperCase()}${kind.slice(1)} changes`
  return items.length === 0 ? [] : [`${title}\n\n${items.map(({ text }) => toItem(text)).join('\n')}\n`]
})
const [, head = '', rest = ''] = /^(.*?)(## .*)?$/s.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? []
writeFileSync('CHANGELOG.md', `${head.trimEnd()}\n\n## ${version}\n\n${sections.join('\n')}${rest && `\n${rest}`}`)

writeVersion('package.json', (json) => [json])
writeVersion('package-lock.json', (json) => [json, json.packages['']])
for (const { name } of changesets) rmSync(join(folder, name))
console.log(`${before} → ${version}`)

function parse(name, source) {
  const [, kind, text] = /^---\n'headwater': (major|minor|patch)\n---\n(.*)$/s.exec(source) ?? []
  if (kind === undefined) throw new Error(`${folder}/${name} is no changeset: see ${folder}/README.md`)
  return { name, kind, text: text.trim() }
}

function next(version, kind) {
  const numbers = version.split('.').map(Number)
  const place = KINDS.indexOf(kind)
  return numbers.map((number, index) => (index < place ? number : index === place ? number + 1 : 0)).join('.')
}

function toItem(text) {
  return `- ${text.replaceAll('\n', '\n  ')}`
}

function writeVersion(file, placesOf) {
  const json = JSON.parse(readFileSync(file, 'utf8'))
  for (const place of placesOf(json)) place.version = version
  writeFileSync(file, `${JSON.stringify(json, null, 2)}\n`)
}
