import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProxyName } from '../tools/proxy-server.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const docs = readFileSync(join(ROOT, 'docs', 'proxies.md'), 'utf8')

/** The configurations in the docs: the least that works, and the recommended one. */
export type RecipeName = 'least' | 'recommended'

/** A block of the docs for a port, with servers on two others. With only one, the block's second is nobody. */
export function recipe(proxy: ProxyName, name: RecipeName, servers: readonly [number, number]) {
  const language = { nginx: 'nginx', HAProxy: 'haproxy', Caddy: 'caddyfile' }[proxy]
  const blocks = [...docs.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code)
  const block = blocks[name === 'least' ? 0 : 1]
  if (block === undefined || blocks.length !== 2) throw new Error(`docs/proxies.md has no two blocks for ${proxy}`)
  const certificate = join(ROOT, 'test', 'fixtures', 'localhost')
  return (port: number): string =>
    block
      .replace(/(listen |bind :|^:)(80|443)\b/m, (_, before: string) => `${before}${port}`)
      .replace(
        /^example\.com \{/m,
        `https://127.0.0.1:${port} {\n    tls ${certificate}.cert.pem ${certificate}.key.pem`,
      )
      .replaceAll('/etc/ssl/example.com', certificate)
      .replaceAll('3000', String(servers[0]))
      .replaceAll('3001', String(servers[1]))
}
