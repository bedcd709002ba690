import type { ConnectionState } from '../event/connection-state.ts'
import { type EventGapData, isEventGap } from '../event/event-gap.ts'
import { type EventSource, isEventSource } from '../event/event-iterator.ts'
import { getEventMeta } from '../event/event-meta.ts'
import { leaveStream } from '../event/leave-stream.ts'
import type { ResumeMode } from '../event/resume.ts'
import { type Arguments, COMMON_HELP } from './arguments.ts'
import type { Command } from './command.ts'
import { ExitCode } from './exit-code.ts'
import { openLink } from './open-link.ts'
import { toJSON } from './print.ts'
import { readTarget } from './target.ts'
import type { Terminal } from './terminal.ts'

const RESUME: Readonly<Record<'yes' | 'always' | 'no', ResumeMode>> = { yes: true, always: 'always', no: false }

/** Prints the events of a stream as they come, over cuts. */
export const tail: Command = {
  summary: 'print the events of a stream, over cuts and restarts',
  help: `Usage: headwater tail <url> <procedure> [json]

Prints the events of a stream, one on a line behind its id, and goes on where it was when the connection is cut. What
happens to the connection, and every gap, is told on the standard error.

  headwater tail http://localhost:3000/rpc chat.stream '{"roomId":"lobby"}'
  headwater tail ws://localhost:3001 prices --json | jq .event
  headwater tail $URL orders --last-event-id "$(cat place)" --limit 100

  <url> <procedure> [json]    as for headwater call

      --last-event-id <id>    begin after this event
  -n, --limit <number>        end after so many events
      --resume <mode>         yes (default); always: also wait for a server that is not there yet, and run streams
                              without ids again; no: end at the first cut
      --on-gap <what>         where the server has lost events: fail (default), oldest: go on with the oldest that it
                              has, now: with new ones
${COMMON_HELP}

With --json a line is {"id":…,"event":…}, and the end of a stream that ends with a value {"done":…}.

Exit codes: 0 the stream has ended, or nobody reads it any more, 1 it failed, 2 wrong usage, 3 no answer,
4 events are missing, 130 Ctrl-C.
`,
  options: {
    'last-event-id': { type: 'string' },
    limit: { type: 'string', short: 'n' },
    resume: { type: 'string' },
    'on-gap': { type: 'string' },
  },
  arguments: [2, 3],
  async run(args, terminal) {
    const resume = RESUME[args.choice('resume', ['yes', 'always', 'no'])]
    const onGap = args.choice('on-gap', ['fail', 'oldest', 'now'])
    const limit = args.number('limit', { least: 1 }) ?? Number.POSITIVE_INFINITY
    const { url, path, input } = await readTarget(args, terminal)
    const link = await openLink(url, { headers: args.headers, resume, waits: resume === 'always' })
    const printer = new TailPrinter(args, terminal)
    let lastEventId = args.text('last-event-id')
    try {
      for (;;) {
        try {
          const output = await link.call(path, input, {
            signal: terminal.signal,
            lastEventId,
            resume,
            onGap: (gap) => printer.gap(gap),
            onConnectionState: (state) => printer.state(state),
          })
          if (isEventSource(output)) return await printer.print(output, limit)
          await terminal.write(`${toJSON(output)}\n`)
          printer.note({ note: 'no stream' }, `${path.join('.')} is no stream: headwater call calls it`)
          return ExitCode.DONE
        } catch (error) {
          if (!isEventGap(error)) throw error
          printer.gap(error.data)
          if (onGap === 'fail') throw error
          lastEventId = onGap === 'oldest' ? error.data.oldest : error.data.head
        }
      }
    } finally {
      link.close()
    }
  },
}

class TailPrinter {
  readonly #args: Arguments
  readonly #terminal: Terminal
  #count = 0
  #id: string | undefined
  #wasCut = false

  constructor(args: Arguments, terminal: Terminal) {
    this.#args = args
    this.#terminal = terminal
  }

  async print(stream: EventSource, limit: number): Promise<number> {
    try {
      while (this.#count < limit) {
        const { done, value } = await stream.next()
        if (done) return await this.#end(value)
        this.#count++
        await this.#terminal.write(this.#format(value, this.#idOf(stream, value)))
      }
      return ExitCode.DONE
    } finally {
      // Not waited for: an ended process is an answer, too.
      leaveStream(stream)
    }
  }

  gap(gap: EventGapData): void {
    const { reason, lastEventId, oldest, head, channel } = gap
    const where = channel === undefined ? '' : ` in ${channel}`
    const places = `after ${lastEventId ?? 'the start'}; oldest ${oldest ?? '-'}, head ${head ?? '-'}`
    this.#terminal.note(this.#args.flag('json') ? toJSON({ gap }) : `gap (${reason})${where} ${places}`)
  }

  state(state: ConnectionState): void {
    if (state.status === 'waiting') {
      this.#wasCut = true
      this.note({ state }, `cut: try ${state.retry} in ${(state.delay / 1000).toFixed(1)} s`)
    } else if (state.status === 'open') {
      const place = this.#id === undefined ? '' : `, after ${this.#id}`
      this.note({ state }, this.#wasCut ? `open again${place}` : 'open')
    }
  }

  note(fields: object, text: string): void {
    if (!this.#args.flag('quiet')) this.#terminal.note(this.#args.flag('json') ? toJSON(fields) : text)
  }

  async #end(value: unknown): Promise<number> {
    if (value !== undefined && this.#args.flag('json')) await this.#terminal.write(`${toJSON({ done: value })}\n`)
    this.note({ state: { status: 'closed' } }, value === undefined ? 'ended' : `ended with ${toJSON(value)}`)
    return ExitCode.DONE
  }

  /** Of values that carry no meta, the stream knows it. */
  #idOf(stream: EventSource, value: unknown): string | undefined {
    const before = this.#id
    const meta = getEventMeta(value)
    this.#id = meta?.id ?? stream['~position']?.cursor() ?? before
    return meta?.id ?? (this.#id === before ? undefined : this.#id)
  }

  #format(event: unknown, id: string | undefined): string {
    if (this.#args.flag('json')) return `${toJSON({ id, event })}\n`
    return `${id ?? '-'}  ${toJSON(event)}\n`
  }
}
