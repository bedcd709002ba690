import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'
import type { Case, Figure, Scale } from '../../tools/case.ts'

/** What a page has to load to call procedures and read streams that resume. The same in every round. */
export function clientBundle(_: Scale): readonly Case[] {
  return [
    {
      name: 'client-bundle',
      title: 'A client: calls, streams, resume',
      unit: 'KB, minified and gzipped',
      contenders: ['headwater', 'orpc', 'socket-io', 'trpc'],
      rounds: 1,
      measure: measureBundle,
    },
  ]
}

async function measureBundle(contender: string): Promise<Figure> {
  const folder = mkdtempSync(join(import.meta.dirname, '..', '..', '.dist-'))
  try {
    await build({
      config: false,
      entry: [join(import.meta.dirname, 'clients', `${contender}.ts`)],
      outDir: folder,
      format: 'esm',
      platform: 'browser',
      dts: false,
      minify: true,
      define: { 'process.env.NODE_ENV': '"production"' },
      deps: { alwaysBundle: [/./] },
      logLevel: 'error',
    })
    const code = loadedFrom(folder, readdirSync(folder).find((file) => file.startsWith(contender)) as string)
    return { value: gzipSync(code, { level: 9 }).length / 1024, beside: { 'minified KB': code.length / 1024 } }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A file with all that it imports from the start; what is loaded when it is needed is not among it. */
function loadedFrom(folder: string, file: string, loaded: Set<string> = new Set()): Buffer {
  loaded.add(file)
  const code = readFileSync(join(folder, file))
  const imported = [...code.toString().matchAll(/\b(?:from|import)\s*["']\.\/([^"']+)["']/g)].map(
    ([, name = '']) => name,
  )
  return Buffer.concat([
    code,
    ...imported.flatMap((name) => (loaded.has(name) ? [] : loadedFrom(folder, name, loaded))),
  ])
}
