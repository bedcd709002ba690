import { type ChildProcess, spawn } from 'node:child_process'

export interface AppProcessOptions {
  readonly cwd: string
  readonly command: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>> | undefined
  /** What it has printed when it is ready: all of these. */
  readonly ready: readonly string[]
}

/** An application as a user starts it, in a process group of its own, so that it can be killed whole. */
export class AppProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves when it is ready; rejects when it ends before that. */
  static start({ cwd, command: [program, ...args], env: own, ready }: AppProcessOptions): Promise<AppProcess> {
    // The test runner's own NODE_ENV would make another page than the one that users get.
    const { NODE_ENV: _, ...env } = process.env
    const child = spawn(program, args, {
      cwd,
      env: { ...env, ...own },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    return new Promise((resolve, reject) => {
      let output = ''
      const read = (text: string): void => {
        output += text
        if (ready.every((text) => output.includes(text))) resolve(new AppProcess(child))
      }
      child.stdout.setEncoding('utf8').on('data', read)
      child.stderr.setEncoding('utf8').on('data', read)
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${output}`)))
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
