// Puts the binaries of other platforms back into package-lock.json. A registry that mirrors only some platforms makes
// `npm install` leave the others out of the lockfile, and `npm ci` then refuses it. Run it after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs'

const PLATFORM = /[-/](aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|wasm32|win32)(?:-([a-z0-9]+))?/

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))

for (const [path, { optionalDependencies = {}, dev, peer }] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const target = `node_modules/${name}`
    if (lock.packages[target] !== undefined || lock.packages[`${path}/${target}`] !== undefined) continue
    const [, os, cpu] = PLATFORM.exec(name) ?? []
    if (os === undefined) continue
    // Without `os` and `cpu` npm would try to fetch what this machine cannot run.
    const platform = os === 'wasm32' ? { cpu: ['wasm32'] } : { os: [os], cpu: [cpu ?? 'none'] }
    const libc = os !== 'linux' ? {} : { libc: [name.includes('musl') ? 'musl' : 'glibc'] }
    const key = path.includes('/node_modules/') ? `${path}/${target}` : target
    lock.packages[key] = {
      version: version.replace(/^[^\d]*/, ''),
      ...platform,
      ...libc,
      ...(dev ? { dev } : {}),
      ...(peer ? { peer } : {}),
      optional: true,
    }
  }
}
const sorted = Object.entries(lock.packages).sort(([one], [other]) => (one < other ? -1 : 1))
lock.packages = Object.fromEntries(sorted)
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
