import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type ReferenceUI, scalarUI, swaggerUI } from './reference-ui.ts'

/**
 * Reads Scalar from the installed package `@scalar/api-reference`, or Swagger UI from `swagger-ui-dist`. Rejects when that is
 * not there.
 *
 * @param config of that page's own.
 * @param from a file or folder from which packages are found. Default: the working directory.
 */
export async function readReferenceUI(
  name: 'scalar' | 'swagger',
  config: object = {},
  from: string = join(process.cwd(), 'package.json'),
): Promise<ReferenceUI> {
  const require = createRequire(from)
  const read = async (file: string): Promise<string> => {
    const [, installed] = /^((?:@[^/]+\/)?[^/]+)/.exec(file) ?? []
    try {
      return await readFile(findFile(require, file), 'utf8')
    } catch (cause) {
      throw new Error(`The reference page needs ${file}: npm install ${installed}`, { cause })
    }
  }
  if (name === 'scalar') return scalarUI(await read('@scalar/api-reference/dist/browser/standalone.js'), config)
  const [script, style] = await Promise.all([
    read('swagger-ui-dist/swagger-ui-bundle.js'),
    read('swagger-ui-dist/swagger-ui.css'),
  ])
  return swaggerUI({ script, style }, config)
}

/** A file of a package, whatever its `exports` say. */
function findFile(require: NodeJS.Require, file: string): string {
  for (const folder of require.resolve.paths(file) ?? []) {
    const path = join(folder, file)
    try {
      return require.resolve(path)
    } catch {}
  }
  throw new Error(`There is no ${file}`)
}
