import { sleep } from '../core/abort.ts'
import { RPCError } from '../core/error.ts'
import { isEventSource } from '../event/event-iterator.ts'
import { COMMON_HELP } from './arguments.ts'
import type { Command } from './command.ts'
import { ExitCode } from './exit-code.ts'
import { openLink } from './open-link.ts'
import { toJSON } from './print.ts'
import { readTarget } from './target.ts'
import { UsageError } from './usage-error.ts'

/** Calls a procedure once and prints what it answers. */
export const call: Command = {
  summary: 'call a procedure and print its answer',
  help: `Usage: headwater call <url> <procedure> [json]

Calls a procedure and prints its answer as JSON. A file is written as it is.

  headwater call http://localhost:3000/rpc planet.find '{"id":1}'
  echo '{"text":"Hello"}' | headwater call wss://example.com/rpc chat.send -
  headwater call https://example.com/rpc report.pdf @query.json > report.pdf

  <url>                       where the handler listens, with its prefix; http, https, ws or wss
  <procedure>                 chat.send or chat/send
  [json]                      the input; - reads it from the standard input, @file from a file

      --get                   by GET, for procedures that allow it
      --timeout <time>        how long the answer may take: 10, 500ms, 2m; default: for ever
${COMMON_HELP}

Exit codes: 0 answered, 1 answered with an error, 2 wrong usage, 3 no answer, 130 Ctrl-C.
`,
  options: { get: { type: 'boolean' }, timeout: { type: 'string' } },
  arguments: [2, 3],
  async run(args, terminal) {
    const { url, path, input } = await readTarget(args, terminal)
    const timeout = args.duration('timeout')
    const link = await openLink(url, {
      headers: args.headers,
      method: args.flag('get') ? 'GET' : 'POST',
      backoff: { maxDelay: 1000 },
    })
    const late = new AbortController()
    const signal = AbortSignal.any([terminal.signal, late.signal])
    if (timeout !== undefined) {
      const message = `There was no answer within ${timeout} ms`
      sleep(timeout, terminal.signal).then(
        () => late.abort(new RPCError('TIMEOUT', { message })),
        () => {},
      )
    }
    try {
      const output = await link.call(path, input, { signal })
      if (isEventSource(output)) {
        await output.return?.()
        throw new UsageError(`${path.join('.')} answers with a stream: headwater tail reads those`)
      }
      if (output instanceof Blob) await terminal.write(new Uint8Array(await output.arrayBuffer()))
      else if (output !== undefined) await terminal.write(`${toJSON(output, args.flag('json') ? undefined : 2)}\n`)
      return ExitCode.DONE
    } finally {
      link.close()
    }
  },
}
