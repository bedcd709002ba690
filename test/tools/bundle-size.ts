import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'

/** What a page has to load for this code, in bytes: bundled, minified and gzipped. */
export async function bundleSize(code: string): Promise<number> {
  // Inside the package, so that its own name resolves as it does for its users.
  const folder = mkdtempSync(join(import.meta.dirname, '../.types-'))
  try {
    const entry = join(folder, 'main.ts')
    writeFileSync(entry, code)
    return gzipSync(await bundle(entry), { level: 9 }).length
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A file bundled for pages and minified: all that they load at first, and not what is loaded once it is needed. */
export async function bundle(entry: string): Promise<Buffer> {
  const out = mkdtempSync(join(dirname(entry), '.dist-'))
  try {
    await build({
      config: false,
      entry: { main: entry },
      outDir: out,
      format: 'esm',
      platform: 'browser',
      dts: false,
      minify: true,
      define: { 'process.env.NODE_ENV': '"production"' },
      deps: { alwaysBundle: [/./] },
      logLevel: 'error',
    })
    return loadedFrom(out, readdirSync(out).find((file) => file.startsWith('main.')) as string)
  } finally {
    rmSync(out, { recursive: true })
  }
}

/** A file with all that it imports from the start. */
function loadedFrom(folder: string, file: string, loaded: Set<string> = new Set()): Buffer {
  loaded.add(file)
  const code = readFileSync(join(folder, file))
  const imported = [...code.toString().matchAll(/\b(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g)].map(
    ([, name = '']) => name,
  )
  return Buffer.concat([
    code,
    ...imported.flatMap((name) => (loaded.has(name) ? [] : loadedFrom(folder, name, loaded))),
  ])
}
