import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '../..')

/** The blocks of pages in `docs` that begin with the name of a file, as files that can be compiled and imported. */
export class DocBlocks {
  /** Inside the package, so that its own name resolves as it does for its users. */
  readonly folder: string = mkdtempSync(join(root, 'test/.docs-'))
  readonly files: readonly string[]

  constructor(...pages: readonly string[]) {
    this.files = pages.flatMap((page) => {
      const docs = readFileSync(join(root, 'docs', page), 'utf8')
      return [...docs.matchAll(/```tsx?\n\/\/ (\S+)\n(.*?)```/gs)].map(([, name = '', code = '']) => {
        writeFileSync(join(this.folder, name), code)
        return name
      })
    })
  }

  /** What is wrong with their types, and with those of others. */
  compile(...others: readonly DocBlocks[]): readonly string[] {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
    const program = ts.createProgram(
      [this, ...others].flatMap(({ folder, files }) => files.map((name) => join(folder, name))),
      // Examples need not say types that are plain to see, and those for Nest have decorators.
      {
        ...options,
        isolatedDeclarations: false,
        declaration: false,
        experimentalDecorators: true,
        erasableSyntaxOnly: false,
      },
    )
    return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
      const message = ts.flattenDiagnosticMessageText(messageText, '\n')
      return `${file?.fileName.split('/').at(-1)}: ${message}`
    })
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
