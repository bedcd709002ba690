import { type ChildProcess, fork } from 'node:child_process'

/** What a process says about its memory, in bytes, its garbage collected. */
export interface Memory {
  /** All of it that is in RAM. */
  readonly rss: number
  /** What its values take, in V8's heap and outside of it. */
  readonly heap: number
}

/** A process of its own whose CPU time and memory are measured. Its script calls `answerCommands`. */
export class MeasuredProcess {
  readonly #child: ChildProcess
  readonly #pending = new Map<number, { resolve(value: any): void; reject(error: Error): void }>()
  #asked = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const asked = this.#pending.get(id)
      this.#pending.delete(id)
      if (error === undefined) asked?.resolve(value)
      else asked?.reject(new Error(error))
    })
    child.once('exit', (code, signal) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`A process ended with ${code ?? signal}`))
      this.#pending.clear()
    })
  }

  /** Starts a script, TypeScript too. Resolves when it answers. */
  static async start(
    script: string,
    args: readonly string[] = [],
    flags: readonly string[] = [],
  ): Promise<MeasuredProcess> {
    const profile = process.env['BENCH_PROFILES']
    const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]
    const execArgv = ['--expose-gc', ...profiling, ...flags, ...(script.endsWith('.ts') ? ['--import', 'tsx'] : [])]
    const started = new MeasuredProcess(
      fork(script, args, { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    )
    await started.cpu()
    return started
  }

  /** Asks for one of the script's commands. */
  ask<Answer>(command: string, argument?: unknown): Promise<Answer> {
    const id = this.#asked++
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#child.send({ id, command, argument })
    })
  }

  /** CPU time that it has used, user and system, in µs. */
  cpu(): Promise<number> {
    return this.ask('cpu')
  }

  memory(): Promise<Memory> {
    return this.ask('memory')
  }

  /** Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    // It exits by itself, and writes its profile, if it makes one.
    this.#child.disconnect()
    await gone
  }
}
