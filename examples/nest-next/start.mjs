import { spawn } from 'node:child_process'
import { join } from 'node:path'

// Starts the API and the web application: http://localhost:3000, or WEB_PORT; the API is at API_PORT, 3001.
const { API_PORT = '3001', WEB_PORT = '3000', NEXT_PUBLIC_API_URL = `http://localhost:${API_PORT}` } = process.env

function start(app, command, env) {
  const cwd = join(import.meta.dirname, 'apps', app)
  const child = spawn(process.execPath, command, { cwd, stdio: 'inherit', env: { ...process.env, ...env } })
  child.once('exit', (code) => stop(code ?? 1))
  return child
}

const next = join(import.meta.dirname, '../../node_modules/next/dist/bin/next')
const children = [
  start('api', ['--import', 'tsx', 'src/main.ts'], { PORT: API_PORT }),
  start('web', [next, 'dev', '--port', WEB_PORT], { NEXT_PUBLIC_API_URL, NEXT_TELEMETRY_DISABLED: '1' }),
]

/** One does not go on without the other. */
function stop(code) {
  process.exitCode ??= code
  for (const child of children) child.kill('SIGTERM')
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop(0))
