import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '../..')

export type Runtime = 'bun' | 'deno'

const ARGUMENTS: Readonly<Record<Runtime, readonly string[]>> = {
  bun: ['run'],
  deno: ['run', '--allow-net', '--allow-read', '--allow-env', '--no-check', '--sloppy-imports'],
}

/** A script of `test/runtime` in another runtime. */
export class RuntimeProcess {
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #exited: Promise<unknown>

  constructor(runtime: Runtime, script: string, ...parameters: string[]) {
    const program = join(ROOT, 'node_modules/.bin', runtime)
    const file = join(ROOT, 'test/runtime', script)
    this.#process = spawn(program, [...ARGUMENTS[runtime], file, ...parameters], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#exited = once(this.#process, 'exit')
    const { stdout } = this.#process
    if (stdout === null) throw new Error('A piped output is there')
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next()
    if (done) throw new Error('The script has ended')
    return value
  }

  /** All further lines, until it ends by itself. */
  async rest(): Promise<string[]> {
    const lines: string[] = []
    for (;;) {
      const { done, value } = await this.#lines.next()
      if (done) return lines
      lines.push(value)
    }
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode === null) this.#process.kill('SIGKILL')
    await this.#exited
  }
}
