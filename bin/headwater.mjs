#!/usr/bin/env node
// In the repository the sources run as they are; the package has only what was built from them.
import { existsSync } from 'node:fs'

const source = new URL('../src/cli/main.ts', import.meta.url)

if (existsSync(source)) {
  const { register } = await import('tsx/esm/api')
  register()
  await import(source.href)
} else {
  await import('../dist/cli/main.js')
}
