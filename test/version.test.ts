import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headwater-version-'))
  mkdirSync(join(folder, '.changeset'))
  writeFileSync(join(folder, 'package.json'), '{ "name": "headwater", "version": "1.2.3" }')
  writeFileSync(join(folder, 'package-lock.json'), '{ "version": "1.2.3", "packages": { "": { "version": "1.2.3" } } }')
  writeFileSync(
    join(folder, 'CHANGELOG.md'),
    '# Changelog\n\nWhat it is.\n\n## 1.2.3\n\n### Patch changes\n\n- Older\n',
  )
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

function add(name: string, text: string): void {
  writeFileSync(join(folder, '.changeset', name), text)
}

function version(): string {
  const script = join(root, 'scripts/version.mjs')
  return execFileSync(process.execPath, [script], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
}

describe('npm run version:next', () => {
  test('makes one version of all changesets, and a part of the changelog before the older ones', () => {
    add('one.md', "---\n'headwater': patch\n---\n\nMends that.\n")
    add('two.md', "---\n'headwater': minor\n---\n\nAdds this,\non two lines.\n")
    add('README.md', 'What changesets are.')
    expect(version()).toBe('1.2.3 → 1.3.0\n')
    expect(JSON.parse(read('package.json')).version).toBe('1.3.0')
    expect(JSON.parse(read('package-lock.json'))).toMatchObject({
      version: '1.3.0',
      packages: { '': { version: '1.3.0' } },
    })
    expect(read('CHANGELOG.md')).toBe(
      '# Changelog\n\nWhat it is.\n\n## 1.3.0\n\n### Minor changes\n\n- Adds this,\n  on two lines.\n\n' +
        '### Patch changes\n\n- Mends that.\n\n## 1.2.3\n\n### Patch changes\n\n- Older\n',
    )
    expect(readdirSync(join(folder, '.changeset'))).toEqual(['README.md'])
  })

  test('refuses without changesets, and what is none', () => {
    expect(version).toThrow('There are no changesets')
    add('odd.md', 'Something')
    expect(version).toThrow('odd.md is no changeset')
    expect(JSON.parse(read('package.json')).version).toBe('1.2.3')
  })

  test('takes the changesets of this repository', () => {
    cpSync(join(root, '.changeset'), join(folder, '.changeset'), { recursive: true })
    add('own.md', "---\n'headwater': major\n---\n\nAnother one.\n")
    expect(version()).toBe('1.2.3 → 2.0.0\n')
  })
})
