/** Where a command reads and writes. */
export interface Terminal {
  /** All of the standard input, as text. */
  read(): Promise<string>
  /** Writes to the standard output; resolves when there is room for more. */
  write(data: string | Uint8Array): Promise<void>
  /** A line on the standard error. */
  note(line: string): void
  /** What stands on the last line of the standard error until the next note: a progress bar. Only on a terminal. */
  readonly progress: ((line: string) => void) | undefined
  /** Aborts with an `Interruption` when the command has to end: by Ctrl-C, or because nobody reads what it writes. */
  readonly signal: AbortSignal
}

/** Why a command ends before its time. */
export class Interruption extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super('Interrupted')
    this.exitCode = exitCode
  }
}
