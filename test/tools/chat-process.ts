import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

/** A chat as a user starts it: by a script of npm, in a process group of its own, so that it can be killed whole. */
export class ChatProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves when it has printed where it listens; rejects when it ends before that. Its history is in `data`. */
  static start(port: number, data: string, script = 'start'): Promise<ChatProcess> {
    // The test runner's own NODE_ENV would make another page than the one that users get.
    const { NODE_ENV: _, ...env } = process.env
    const child = spawn('npm', ['run', script], {
      cwd: join(import.meta.dirname, '..', '..'),
      env: { ...env, PORT: String(port), DATA: data },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    return new Promise((resolve, reject) => {
      let output = ''
      const read = (text: string): void => {
        output += text
        if (output.includes(`http://localhost:${port}`)) resolve(new ChatProcess(child))
      }
      child.stdout.setEncoding('utf8').on('data', read)
      child.stderr.setEncoding('utf8').on('data', read)
      child.once('exit', (code) => reject(new Error(`npm run ${script} ended with ${code}:\n${output}`)))
    })
  }

  /** kill -9: no chance to say good-bye. Resolves when it is gone. */
  async kill(): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    process.kill(-pid, 'SIGKILL')
    await gone
  }
}
