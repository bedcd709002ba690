import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import ts from 'typescript'
import { fencesOf } from './doc-fences.ts'
import { type DocName, namesOf } from './doc-names.ts'

const root = join(import.meta.dirname, '../..')
const PRELUDE = 'prelude.ts'
const COMPILED = ['ts', 'tsx', 'diff']

/** Where a block is in its page, and how much stands before its code in its file. */
interface Place {
  readonly line: number
  readonly before: number
}

/**
 * The TypeScript blocks of a page, as files that can be compiled and imported. Of a diff it is what the diff makes.
 *
 * A block that begins with the name of a file is that file, whole. Any other one goes on with the page: it sees what the blocks
 * before it have declared and imported, and what `prelude.ts` says that readers take for granted. That stands in
 * `test/docs/<page>`, with other files that blocks import.
 */
export class DocBlocks {
  readonly page: string
  /** Inside the package, so that its own name resolves as it does for its users. */
  readonly folder: string = mkdtempSync(join(root, 'test/.docs-'))
  /** Those that begin with a name. */
  readonly files: readonly string[]
  readonly #places: ReadonlyMap<string, Place>

  constructor(page: string) {
    this.page = page
    const files: string[] = []
    const places = new Map<string, Place>()
    const scope = new Scope()
    const given = join(root, 'test/docs', basename(page, '.md'))
    if (existsSync(given)) cpSync(given, this.folder, { recursive: true })
    const prelude = join(given, PRELUDE)
    if (existsSync(prelude)) scope.add(PRELUDE, exported(namesOf(readFileSync(prelude, 'utf8'), PRELUDE)))

    for (const { language, code: text, line } of fencesOf(readFileSync(join(root, page), 'utf8'))) {
      if (!COMPILED.includes(language)) continue
      const code = language === 'diff' ? madeBy(text) : text
      const name = /^\/\/ (\S+\.tsx?)\b/.exec(code)?.[1]
      const file = name ?? `block-${line}.${language === 'tsx' ? 'tsx' : 'ts'}`
      if (places.has(file)) throw new Error(`${page} has two blocks with the name ${file}`)
      const names = namesOf(code, file)
      const before = name === undefined ? scope.importsFor(names) : ''
      writeFileSync(join(this.folder, file), name === undefined ? `${before}${code}${exportAll(names)}` : code)
      scope.add(file, name === undefined ? names : exported(names))
      places.set(file, { line, before: before.length })
      if (name !== undefined) files.push(name)
    }
    this.files = files
    this.#places = places
  }

  /** What is wrong with the types of some pages, all in one program. */
  static compile(pages: readonly DocBlocks[]): readonly string[] {
    const folder = join(root, 'test/docs')
    const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile)
    const { options, fileNames: given } = ts.parseJsonConfigFileContent(config, ts.sys, folder)
    const program = ts.createProgram([...given, ...pages.flatMap((page) => page.#paths())], options)
    return [
      ...program.getOptionsDiagnostics().map(textOf),
      ...given.flatMap((file) =>
        problemsOf(program, file).map((problem) => `${relative(root, file)}: ${textOf(problem)}`),
      ),
      ...pages.flatMap((page) => page.#problems(program)),
    ]
  }

  #paths(): readonly string[] {
    return [...this.#places.keys()].map((file) => join(this.folder, file))
  }

  #problems(program: ts.Program): readonly string[] {
    return [...this.#places].flatMap(([file, { line, before }]) =>
      problemsOf(program, join(this.folder, file))
        .filter(({ start = 0 }) => start >= before)
        .map((problem) => {
          const { line: below = 0 } = problem.file?.getLineAndCharacterOfPosition(problem.start ?? 0) ?? {}
          return `${this.page}:${line + below}: ${textOf(problem)}`
        }),
    )
  }

  /** Changes what all of the files say, as a port that is another one. */
  replace(text: string, replacement: string): void {
    for (const name of this.files) {
      const file = join(this.folder, name)
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(text, replacement))
    }
  }

  import<Module>(name: string): Promise<Module> {
    return import(join(this.folder, name)) as Promise<Module>
  }

  delete(): void {
    rmSync(this.folder, { recursive: true })
  }
}

/** Which names a page has so far, and which of its files has each. */
class Scope {
  readonly #names = new Map<string, { readonly file: string; readonly isType: boolean }>()

  add(file: string, names: readonly DocName[]): void {
    for (const { name, isType } of names) this.#names.set(name, { file, isType })
  }

  /** What a block sees that declares some names itself. In one line, so that lines stay those of the page. */
  importsFor(own: readonly DocName[]): string {
    const hidden = new Set(own.map(({ name }) => name))
    return [...this.#names]
      .filter(([name]) => !hidden.has(name))
      .map(([name, { file, isType }]) => `import { ${isType ? 'type ' : ''}${name} } from './${file}'; `)
      .join('')
  }
}

/** The code behind a diff, on the lines that it has there. */
function madeBy(diff: string): string {
  return diff.replace(/^(?:-.*|[+ ](.*))$/gm, (_, kept = '') => kept)
}

function exported(names: readonly DocName[]): readonly DocName[] {
  return names.filter(({ isExported }) => isExported)
}

/** Makes a block a module that gives all that it has. */
function exportAll(names: readonly DocName[]): string {
  const rest = names.filter(({ isExported }) => !isExported)
  return `export { ${rest.map(({ name, isType }) => `${isType ? 'type ' : ''}${name}`).join(', ')} }\n`
}

function problemsOf(program: ts.Program, path: string): readonly ts.Diagnostic[] {
  const file = program.getSourceFile(path)
  if (file === undefined) throw new Error(`${path} was not compiled`)
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
}

function textOf({ messageText }: ts.Diagnostic): string {
  return ts.flattenDiagnosticMessageText(messageText, '\n')
}
