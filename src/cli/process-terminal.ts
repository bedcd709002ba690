import { text } from 'node:stream/consumers'
import { ExitCode } from './exit-code.ts'
import { Interruption, type Terminal } from './terminal.ts'

const CLEAR_LINE = '\r\x1b[K'

/** The process's own streams and signals. */
export class ProcessTerminal implements Terminal {
  readonly #ended = new AbortController()
  readonly #shows: boolean = process.stderr.isTTY
  readonly progress: ((line: string) => void) | undefined

  constructor() {
    if (this.#shows) this.progress = (line) => void process.stderr.write(`${CLEAR_LINE}${line}`)
    process.once('SIGINT', () => this.#end(ExitCode.INTERRUPTED))
    process.once('SIGTERM', () => this.#end(ExitCode.TERMINATED))
    // `head` has seen enough: no failure of ours.
    process.stdout.on('error', (error: NodeJS.ErrnoException) =>
      this.#end(error.code === 'EPIPE' ? ExitCode.DONE : ExitCode.FAILED),
    )
    process.stderr.on('error', () => {})
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  read(): Promise<string> {
    return text(process.stdin)
  }

  write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      process.stdout.write(data, (error) => {
        // It is told as an event besides, which ends the command.
        if (error) reject(error)
        else resolve()
      })
    })
  }

  note(line: string): void {
    process.stderr.write(this.#shows ? `${CLEAR_LINE}${line}\n` : `${line}\n`)
  }

  /** Asked twice, the process does not wait for a tidy end: the first listener is gone by then. */
  #end(exitCode: number): void {
    this.#ended.abort(new Interruption(exitCode))
  }
}
