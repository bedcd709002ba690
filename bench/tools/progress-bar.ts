const WIDTH = 30

/** Says on stderr how far a run has come; a line per step where that is no terminal. */
export class ProgressBar {
  readonly #total: number
  readonly #startedAt = performance.now()
  #done = 0

  constructor(total: number) {
    this.#total = total
  }

  /** What is being done now. */
  show(label: string): void {
    if (!process.stderr.isTTY) return
    const filled = Math.round((this.#done / this.#total) * WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
    process.stderr.write(`\r\x1b[K${bar} ${this.#done}/${this.#total} ${this.#left()} ${label}`)
  }

  /** A step more is done. */
  step(label: string): void {
    this.#done++
    if (process.stderr.isTTY) this.show(label)
    else process.stderr.write(`${this.#done}/${this.#total} ${label}\n`)
  }

  /** Makes room for what else is printed. */
  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }

  #left(): string {
    if (this.#done === 0) return ''
    const seconds = ((performance.now() - this.#startedAt) / this.#done / 1000) * (this.#total - this.#done)
    return seconds > 90 ? `${Math.round(seconds / 60)} min left` : `${Math.round(seconds)} s left`
  }
}
