// Builds the page and the worker, and runs them in the runtime of Cloudflare on this machine: npm run start:cloudflare
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { build, type Rollup } from 'vite'

const root = import.meta.dirname
const port = Number(process.env['PORT'] ?? 8787)

await build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' })
const [{ output }] = (await build({
  root,
  configFile: false,
  logLevel: 'warn',
  resolve: { conditions: ['workerd', 'worker', 'module', 'import'] },
  build: {
    write: false,
    lib: { entry: join(root, 'worker/index.ts'), formats: ['es'] },
    rollupOptions: { external: ['cloudflare:workers'] },
  },
})) as [Rollup.RollupOutput]

const miniflare = new Miniflare({
  modules: true,
  script: output[0].code,
  compatibilityDate: '2026-04-01',
  port,
  bindings: { SIGNING_KEY: process.env['SIGNING_KEY'] ?? 'only for this machine' },
  durableObjects: { CHAT_ROOM: { className: 'ChatRoom', useSQLite: true } },
  durableObjectsPersist: process.env['DATA'] ?? join(root, '../../.data/cloudflare-chat'),
  assets: { directory: join(root, 'dist'), routerConfig: { has_user_worker: true } },
})
await miniflare.ready
console.log(`The chat is at http://localhost:${port}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void miniflare.dispose().then(() => process.exit(0)))
}
