import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type Plugin } from 'vite'

const ROOT = join(import.meta.dirname, '..', '..')

/** A deliberate bug: a text in a file of `src`, and what stands there instead. */
export interface Patch {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** The program that a run's processes run, as one file: it starts in half the time. */
export interface Programs {
  readonly path: string
  remove(): Promise<void>
}

/**
 * Bundles the program, with patches in its copy of the sources: those in the repository are never touched.
 *
 * @throws {Error} when a patch does not fit the sources any more.
 */
export async function bundlePrograms(patches: readonly Patch[] = []): Promise<Programs> {
  const hash = createHash('sha256').update(JSON.stringify(patches)).digest('hex').slice(0, 8)
  const folder = join(ROOT, 'node_modules', `.faults-${process.pid}-${hash}`)
  const applied = new Set<Patch>()
  const patching: Plugin = {
    name: 'patch',
    enforce: 'pre',
    transform(code, id) {
      let patched = code
      for (const patch of patches) {
        if (id !== join(ROOT, patch.file)) continue
        const [before, after, ...more] = patched.split(patch.find)
        if (after === undefined || more.length > 0) throw new Error(`A patch does not fit ${patch.file}: ${patch.find}`)
        patched = before + patch.replace + after
        applied.add(patch)
      }
      return patched
    },
  }
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    plugins: [patching],
    build: {
      ssr: true,
      target: 'node20',
      outDir: folder,
      emptyOutDir: true,
      rollupOptions: { input: join(import.meta.dirname, 'program', 'main.ts'), output: { entryFileNames: 'main.mjs' } },
    },
  })
  for (const patch of patches)
    if (!applied.has(patch)) throw new Error(`A patch was for a file that is not used: ${patch.file}`)
  return { path: join(folder, 'main.mjs'), remove: () => rm(folder, { recursive: true, force: true }) }
}
