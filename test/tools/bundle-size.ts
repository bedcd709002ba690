import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'

/** What a page would have to load for this code, in bytes: bundled, minified and gzipped. */
export async function bundleSize(code: string): Promise<number> {
  // Inside the package, so that its own name resolves as it does for its users.
  const folder = mkdtempSync(join(import.meta.dirname, '../.types-'))
  const out = join(folder, 'out')
  try {
    writeFileSync(join(folder, 'main.ts'), code)
    await build({
      config: false,
      entry: [join(folder, 'main.ts')],
      outDir: out,
      format: 'esm',
      platform: 'browser',
      dts: false,
      minify: true,
      define: { 'process.env.NODE_ENV': '"production"' },
      deps: { alwaysBundle: [/./] },
      logLevel: 'error',
    })
    const bundled = Buffer.concat(readdirSync(out).map((file) => readFileSync(join(out, file))))
    return gzipSync(bundled, { level: 9 }).length
  } finally {
    rmSync(folder, { recursive: true })
  }
}
