import { join } from 'node:path'
import { AppProcess } from './app-process.ts'

/** A chat as a user starts it, by a script of npm. Its history is in `data`. */
export function startChat(port: number, data: string, script = 'start'): Promise<AppProcess> {
  return AppProcess.start({
    cwd: join(import.meta.dirname, '..', '..'),
    command: ['npm', 'run', script],
    env: { PORT: String(port), DATA: data },
    ready: [`http://localhost:${port}`],
  })
}
