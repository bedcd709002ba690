import { type EventSource, isEventSource } from '../../event/event-iterator.ts'
import { COMMON_HELP } from '../arguments.ts'
import type { Command } from '../command.ts'
import { ExitCode } from '../exit-code.ts'
import { type OpenedLink, openLink } from '../open-link.ts'
import { toJSON } from '../print.ts'
import { readTarget, type Target } from '../target.ts'
import { showProgress } from './progress-bar.ts'
import { describeReport, toReport } from './report.ts'
import { CallTally, type Load, runCalls } from './run-calls.ts'
import { runStreams, StreamTally } from './run-streams.ts'

/** Measures how fast a procedure is answered, or a stream delivered. */
export const bench: Command = {
  summary: 'measure how fast a procedure answers, or a stream delivers',
  help: `Usage: headwater bench <url> <procedure> [json]

Makes calls, as many at a time as --concurrency says, and prints how many were answered per second and how long that
took, by quantiles. A procedure that answers with a stream is opened so many times instead, and its events are counted.
It calls for real: do not point it at what must not be done a thousand times.

  headwater bench http://localhost:3000/rpc planet.find '{"id":1}' --concurrency 50 --duration 30
  headwater bench ws://localhost:3001 planet.find '{"id":1}' --connections 4 --rate 2000 --json

  <url> <procedure> [json]    as for headwater call

  -c, --concurrency <number>  calls at a time, or streams; default 10
  -d, --duration <time>       10, 500ms, 2m; default 10 s
  -n, --requests <number>     end after so many calls
      --rate <number>         calls per second; a call's time then begins when it was due
      --warmup <time>         what is answered before is not counted; default 1 s, none with --requests
      --connections <number>  WebSockets that the calls share; default 1
      --get                   by GET, for procedures that allow it
${COMMON_HELP}

Exit codes: 0 done, 1 there were errors, 2 wrong usage, 3 no answer to the first call, 130 Ctrl-C, after the report.
`,
  options: {
    concurrency: { type: 'string', short: 'c' },
    duration: { type: 'string', short: 'd' },
    requests: { type: 'string', short: 'n' },
    rate: { type: 'string' },
    warmup: { type: 'string' },
    connections: { type: 'string' },
    get: { type: 'boolean' },
  },
  arguments: [2, 3],
  async run(args, terminal) {
    const requests = args.number('requests', { least: 1 })
    const load: Load = {
      concurrency: args.number('concurrency', { least: 1 }) ?? 10,
      rate: args.number('rate', { least: 0.001, whole: false }),
      requests: requests ?? Number.POSITIVE_INFINITY,
      warmup: args.duration('warmup') ?? (requests === undefined ? 1000 : 0),
      duration: args.duration('duration') ?? (requests === undefined ? 10_000 : Number.POSITIVE_INFINITY),
      signal: terminal.signal,
    }
    const connections = args.number('connections', { least: 1 }) ?? 1
    const target = await readTarget(args, terminal)
    const method = args.flag('get') ? 'GET' : 'POST'
    const options = { headers: args.headers, method } as const
    const links = await Promise.all(Array.from({ length: connections }, () => openLink(target.url, options)))
    try {
      const callers = links.map((link) => createCaller(link, target, terminal.signal))
      const caller = (worker: number): Caller => callers[worker % callers.length] as Caller
      // Says what it is, and that it works at all; and opens the connections.
      const answers = await Promise.all(callers.map((call) => call()))
      const isStream = answers.some(isEventSource)
      for (const answer of answers) if (isEventSource(answer)) await answer.return?.()
      const tally = isStream ? new StreamTally() : new CallTally()
      const endProgress = args.flag('quiet') ? () => {} : followProgress(terminal, load, tally)
      if (tally instanceof StreamTally) await runStreams((worker, tally) => caller(worker)(tally), load, tally)
      else await runCalls((worker) => caller(worker)(), load, tally)
      endProgress()
      await terminal.write(args.flag('json') ? `${toJSON(toReport(tally))}\n` : describeReport(tally))
      terminal.signal.throwIfAborted()
      return tally.errors.size === 0 ? ExitCode.DONE : ExitCode.FAILED
    } finally {
      for (const link of links) link.close()
    }
  },
}

type Caller = (tally?: StreamTally) => Promise<unknown>

function createCaller(link: OpenedLink, { path, input }: Target, signal: AbortSignal): Caller {
  return (tally) => {
    if (tally === undefined) return link.call(path, input, { signal })
    return link.call(path, input, {
      signal,
      onGap: () => {
        tally.gaps++
      },
      onConnectionState: ({ status }) => {
        if (status === 'waiting') tally.cuts++
      },
    }) as Promise<EventSource>
  }
}

function followProgress(terminal: Parameters<Command['run']>[1], load: Load, tally: CallTally): () => void {
  const startedAt = performance.now()
  const seconds = (): number => (performance.now() - startedAt) / 1000
  const done = (): number => Math.max(tally.started / load.requests, (seconds() * 1000) / (load.warmup + load.duration))
  const label = (): string => {
    const time = `${seconds().toFixed(0)} s`
    if (tally instanceof StreamTally) return `${time}  ${tally.events.toLocaleString('en')} events`
    const latency = tally.latencies.quantile(0.5)
    const shown = Number.isNaN(latency) ? '' : `, p50 ${latency.toPrecision(3)} ms`
    return `${time}  ${tally.answered.toLocaleString('en')} calls${shown}`
  }
  return showProgress(terminal, done, label)
}
