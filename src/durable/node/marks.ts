interface Mark {
  readonly at: number
  readonly id: string
}

/** Between two marks, in ms, and how many there are. */
const DISTANCE = 250
const MOST = 40

/** When events passed by lately, so that whoever comes a moment later need not read all that is kept. */
export class Marks {
  #marks: Mark[] = []

  see(at: number, id: string | undefined): void {
    const last = this.#marks.at(-1)
    if (id === undefined || (last !== undefined && at < last.at + DISTANCE)) return
    this.#marks.push({ at, id })
    if (this.#marks.length > MOST) this.#marks.shift()
  }

  /** The id of an event from before that time, the latest that is known. */
  before(time: number): string | undefined {
    return this.#marks.findLast(({ at }) => at < time)?.id
  }
}
