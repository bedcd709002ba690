import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../src')

/** What a door exports: its names, `type` before those that are types alone. */
function namesOf(door: string): string[] {
  const file = ts.createSourceFile(door, readFileSync(join(source, door), 'utf8'), ts.ScriptTarget.Latest)
  return file.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) return []
    const { exportClause } = statement
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) throw new Error(`${door} exports without names`)
    return exportClause.elements.map(({ name, isTypeOnly }) =>
      isTypeOnly || statement.isTypeOnly ? `type ${name.text}` : name.text,
    )
  })
}

// Adding a name is a minor release, taking one away a major one: whoever changes the list says so in a changeset.
test('the public names of every door are those that are written down', async () => {
  const doors = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('/index.ts'))
    .sort()
  const list = doors.map(
    (door) =>
      `headwater/${dirname(door)}\n${namesOf(door)
        .sort()
        .map((name) => `  ${name}\n`)
        .join('')}`,
  )
  await expect(list.join('\n')).toMatchFileSnapshot('public-names.txt')
})
