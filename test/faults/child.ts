import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Command } from './program/commands.ts'

export interface ChildOptions {
  readonly path: string
  readonly name: string
  /** By how much its times are stretched. */
  readonly stretch: number
  readonly onMessage: (message: any, from: Child) => void
}

/** One process of a run. */
export class Child {
  readonly name: string
  /** Resolves when it is gone and all that it has printed is read. */
  readonly ended: Promise<number | string>
  isOver = false
  readonly #process: ChildProcess
  readonly #waiting: { readonly key: string; readonly resolve: (message: any) => void }[] = []

  constructor({ path, name, stretch, onMessage }: ChildOptions) {
    this.name = name
    const env = { ...process.env, FAULTS_STRETCH: String(stretch) }
    const child = spawn(process.execPath, ['--max-semi-space-size=4', path, name], { stdio: 'pipe', env })
    this.#process = child
    child.stdin.on('error', () => {})
    let complaints = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (complaints.length < 4000) complaints += text
    })
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = parse(line)
      if (message === undefined) return
      const index = this.#waiting.findIndex(({ key }) => key in message)
      if (index >= 0) this.#waiting.splice(index, 1)[0]?.resolve(message)
      else onMessage(message, this)
    })
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.isOver = true
        if (code !== 0 && signal !== 'SIGKILL' && complaints !== '') onMessage({ crash: complaints }, this)
        for (const { resolve } of this.#waiting.splice(0)) resolve(undefined)
        resolve(code ?? (signal as string))
      })
    })
  }

  tell(command: Command): void {
    if (!this.isOver) this.#process.stdin?.write(`${JSON.stringify(command)}\n`)
  }

  /** Tells, and resolves with the message that has the key; `undefined` when it ends before. */
  ask(command: Command, key: string): Promise<any> {
    if (this.isOver) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      this.#waiting.push({ key, resolve })
      this.tell(command)
    })
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#process.kill(signal)
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
  }
}

/** The last line of a process that was killed may be cut. */
function parse(line: string): any {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
