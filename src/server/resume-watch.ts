import { isEventSource } from '../event/event-iterator.ts'
import { mapEventIterator } from '../event/map-event-iterator.ts'
import type { Procedure } from './procedure.ts'

/** What a call is asked to resume after, and for what. */
export interface ResumedCall {
  readonly procedure: Procedure
  readonly path: readonly string[]
  readonly lastEventId: string | undefined
}

const warned = new WeakSet<Procedure>()

/**
 * Notices in development that nothing reads the `lastEventId` of a stream that resumes: its client then misses events
 * without a sign. Warns on the console, once per procedure, when such a stream hands out something.
 */
export class ResumeWatch {
  readonly #call: ResumedCall
  #isRead = false

  private constructor(call: ResumedCall) {
    this.#call = call
  }

  /** `undefined` where there is nothing to watch: in production, for calls that do not resume, after a warning. */
  static of(call: ResumedCall): ResumeWatch | undefined {
    if (call.lastEventId === undefined || !isDevelopment() || warned.has(call.procedure)) return undefined
    return new ResumeWatch(call)
  }

  /** The options with a `lastEventId` that notices when it is read, be it by taking the options apart. */
  watch<Options extends object>(options: Options): Options {
    const get = (): string | undefined => {
      this.#isRead = true
      return this.#call.lastEventId
    }
    return Object.defineProperty(options, 'lastEventId', { get, enumerable: true })
  }

  /** The output of the call; a generator may still read it when it begins to run. */
  check(output: unknown): unknown {
    if (this.#isRead || !isEventSource(output)) return output
    const check = (value: unknown): unknown => {
      if (!this.#isRead) this.#warn()
      return value
    }
    return mapEventIterator(output, { value: check, done: check })
  }

  #warn(): void {
    const { procedure, path } = this.#call
    if (warned.has(procedure)) return
    warned.add(procedure)
    console.warn(
      `headwater: a client resumed the stream ${path.join('.')} after an event, and nothing read lastEventId: what came after that event is missing there. Resume from it, or read it to say that this is meant.`,
    )
  }
}

function isDevelopment(): boolean {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  return process?.env !== undefined && process.env['NODE_ENV'] !== 'production'
}
