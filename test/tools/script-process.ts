import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A process of its own that runs a script of `test/processes` and prints a JSON value per line. */
export class ScriptProcess {
  readonly #child: ChildProcess
  /** What it has printed so far. */
  readonly lines: unknown[] = []
  /** Resolves with its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>

  constructor(script: string, ...args: readonly string[]) {
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, '..', 'processes', script), ...args],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    this.#child = child
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(JSON.parse(line))
    })
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve(code ?? (signal as string)))
    })
  }

  /** kill -9. Resolves when it is gone and all that it has printed is read. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}
