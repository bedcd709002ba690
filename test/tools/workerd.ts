import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { build, type Rollup } from 'vite'

export interface Workerd {
  /** `http://{host}:{port}/` */
  readonly url: string
  /** Kills it. */
  close(): Promise<void>
}

export interface WorkerdOptions {
  /** Default: any that is free. */
  readonly port?: number
  /** The directory in which objects outlive the runtime. Without one they do not. */
  readonly data?: string
}

/** Runs the worker of a file, in the real runtime, with these classes of Durable Objects: binding to class name. */
export async function runWorkerd(
  entry: string,
  durableObjects: Record<string, string>,
  { port = 0, data }: WorkerdOptions = {},
): Promise<Workerd> {
  const miniflare = new Miniflare({
    modules: true,
    script: await bundle(entry),
    compatibilityDate: '2026-04-01',
    port,
    durableObjectsPersist: data ?? false,
    durableObjects: Object.fromEntries(
      Object.entries(durableObjects).map(([binding, className]) => [binding, { className, useSQLite: true }]),
    ),
  })
  const { href } = await miniflare.ready
  return { url: href, close: () => miniflare.dispose() }
}

async function bundle(entry: string): Promise<string> {
  const output = await build({
    configFile: false,
    logLevel: 'warn',
    root: join(import.meta.dirname, '../..'),
    resolve: { conditions: ['workerd', 'worker', 'browser', 'module', 'import'] },
    build: {
      write: false,
      minify: false,
      lib: { entry, formats: ['es'] },
      rollupOptions: { external: ['cloudflare:workers'] },
    },
  })
  const [{ output: chunks }] = output as [Rollup.RollupOutput]
  return chunks[0].code
}
