import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

/** The house from the ground up, as ARCHITECTURE.md draws it. A room may import from its own and from lower floors. */
const FLOORS: readonly (readonly string[])[] = [
  ['core'],
  ['event'],
  ['contract', 'wire'],
  ['server', 'client', 'publisher'],
  ['session'],
  ['node', 'openapi'],
  [
    'transport/aws-lambda',
    'transport/bun-ws',
    'transport/crossws',
    'transport/fastify',
    'transport/fetch',
    'transport/message-port',
    'transport/node',
    'transport/websocket',
    'plugins',
    'opentelemetry',
  ],
  ['live'],
  ['app', 'durable', 'inspector', 'nest', 'react', 'svelte', 'tanstack-query'],
  ['testing', 'cli'],
]

const MAX_LINES = 400
const SOURCE = join(import.meta.dirname, '..', 'src')

interface Import {
  readonly from: string
  readonly to: string
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /^(?!.*\.test(-d)?\.ts$).*\.ts$/.test(file),
)
const doors = files.filter((file) => file.endsWith('/index.ts'))
const rooms = files.filter((file) => !file.endsWith('/index.ts'))
const imports = files.flatMap(importsOf)

function importsOf(from: string): Import[] {
  const text = readFileSync(join(SOURCE, from), 'utf8')
  const { importedFiles } = ts.preProcessFile(text, true, true)
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => ({ from, to: relative(SOURCE, join(SOURCE, dirname(from), fileName)) }))
}

function roomOf(file: string): string {
  const folder = dirname(file)
  return FLOORS.flat().find((room) => folder === room || folder.startsWith(`${room}/`)) ?? folder
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room))
}

function findCircle(): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const { from, to } of imports) {
      const circle = from === file ? visit(to, [...path, file]) : undefined
      if (circle !== undefined) return circle
    }
    done.add(file)
    return undefined
  }
  for (const file of files) {
    const circle = visit(file, [])
    if (circle !== undefined) return circle
  }
  return undefined
}

describe('the house', () => {
  test('finds the source and its imports', () => {
    expect(rooms.length).toBeGreaterThan(30)
    expect(imports.length).toBeGreaterThan(100)
  })

  test('every file stands in a room of a floor', () => {
    expect(rooms.filter((file) => floorOf(roomOf(file)) === -1)).toEqual([])
  })

  test('imports go down, never up and never sideways', () => {
    const breaches = imports.filter(({ from, to }) => {
      if (doors.includes(from) || roomOf(from) === roomOf(to)) return false
      return floorOf(roomOf(to)) >= floorOf(roomOf(from))
    })
    expect(breaches).toEqual([])
  })

  test('there are no circles, type imports included', () => {
    expect(findCircle()).toBeUndefined()
  })

  test('nobody imports a door', () => {
    expect(imports.filter(({ to }) => to.endsWith('index.ts'))).toEqual([])
  })

  test('doors only export what stands elsewhere', () => {
    for (const door of doors) {
      const text = readFileSync(join(SOURCE, door), 'utf8')
      const file = ts.createSourceFile(door, text, ts.ScriptTarget.Latest)
      const others = file.statements.filter((node) => !ts.isExportDeclaration(node) || node.exportClause === undefined)
      expect(others.map((node) => node.getText(file))).toEqual([])
    }
  })

  test('every door is a subpath of the package, and every subpath a door', () => {
    const manifest = JSON.parse(readFileSync(join(SOURCE, '..', 'package.json'), 'utf8'))
    const subpaths = Object.values<string>(manifest.exports).filter((path) => path.startsWith('./src/'))
    expect(subpaths.sort()).toEqual(doors.map((door) => `./src/${door}`).sort())
  })

  test(`no file is longer than ${MAX_LINES} lines`, () => {
    const lengths = files.map((file) => [file, readFileSync(join(SOURCE, file), 'utf8').split('\n').length] as const)
    expect(lengths.filter(([, lines]) => lines > MAX_LINES)).toEqual([])
  })
})
