import { sleep } from '../../core/abort.ts'
import { type Arguments, COMMON_HELP } from '../arguments.ts'
import type { Command } from '../command.ts'
import { ExitCode } from '../exit-code.ts'
import { type OpenedLink, openLink } from '../open-link.ts'
import { describeError, toJSON } from '../print.ts'
import { parsePath, readTarget, type Target } from '../target.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { FAULTS, type Fault, FaultProxy } from './fault-proxy.ts'
import { Reader } from './reader.ts'
import { type Sending, sendEvents } from './sender.ts'
import { compare, type Sightings } from './sightings.ts'
import { strike } from './strike.ts'

/** Reads a stream through a network that fails, and tells what went missing. */
export const faults: Command = {
  summary: 'read a stream through a network that fails, and tell what went missing',
  help: `Usage: headwater faults <url> <stream> [json]

Reads a stream of your server twice: directly, and through a proxy on this machine that cuts, stalls and refuses
connections. In the end both have to have seen the same events, once and in order; what differs is told.

  headwater faults http://localhost:3000/rpc chat.stream '{"roomId":"7"}' \\
    --send chat.send --send-input '{"roomId":"7","text":"{n}"}'

  <url> <stream> [json]       as for headwater tail

      --send <procedure>      makes events meanwhile: is called again and again, not through the proxy
      --send-input <json>     its input; {n} in it stands for the number of the call
      --rate <number>         how often, per second; default 20
  -d, --duration <time>       how long faults strike: 30, 500ms, 2m; default 30 s
      --every <time>          how long after each other, on average; default 3 s
      --lasting <time>        how long a stall or a refusal lasts; default 2 s
      --faults <names>        which, with commas: cut, reset, eof (closed politely), stall, refuse, silence (what is
                              connected stays so, and nothing arrives); default all but silence, which a client takes
                              25 s to notice
      --settle <time>         how long the stream may take to catch up in the end; default 60 s
      --seed <number>         the same faults in the same order
      --last-event-id <id>    both begin after this event
${COMMON_HELP}

Exit codes: 0 nothing is missing, 1 the stream failed or had no events, 2 wrong usage, 3 no answer, 4 events were lost,
repeated or out of order. A gap that the server tells of is no loss.
`,
  options: {
    send: { type: 'string' },
    'send-input': { type: 'string' },
    rate: { type: 'string' },
    duration: { type: 'string', short: 'd' },
    every: { type: 'string' },
    lasting: { type: 'string' },
    faults: { type: 'string' },
    settle: { type: 'string' },
    seed: { type: 'string' },
    'last-event-id': { type: 'string' },
  },
  arguments: [2, 3],
  async run(args, terminal) {
    const kinds = parseFaults(args.text('faults') ?? 'cut,reset,eof,stall,refuse')
    const sending = parseSending(args)
    const seed = args.number('seed') ?? Math.floor(Math.random() * 2 ** 31)
    const strikes = {
      faults: kinds,
      seed,
      duration: args.duration('duration') ?? 30_000,
      every: args.duration('every') ?? 3_000,
      lasting: args.duration('lasting') ?? 2_000,
    }
    const settle = args.duration('settle') ?? 60_000
    const target = await readTarget(args, terminal)
    const run = await FaultRun.open(target, args, terminal)
    try {
      if (!args.flag('quiet')) terminal.note(`seed ${seed}`)
      const struck = await run.strike(strikes, sending)
      await run.settle(settle)
      return await report(run, struck, { seed, args, terminal })
    } finally {
      run.close()
    }
  },
}

type Strikes = Omit<Parameters<typeof strike>[1], 'signal' | 'onStrike'>

/** A stream that is read with and without faults. */
class FaultRun {
  readonly reference: Reader
  readonly subject: Reader
  readonly #proxy: FaultProxy
  readonly #direct: OpenedLink
  readonly #links: readonly OpenedLink[]
  readonly #left: AbortController
  readonly #terminal: Terminal
  readonly #isQuiet: boolean

  private constructor(
    parts: { proxy: FaultProxy; direct: OpenedLink; faulty: OpenedLink; left: AbortController },
    target: Target,
    args: Arguments,
    terminal: Terminal,
  ) {
    const { proxy, direct, faulty, left } = parts
    const signal = AbortSignal.any([left.signal, terminal.signal])
    this.#proxy = proxy
    this.#direct = direct
    this.#links = [direct, faulty]
    this.#left = left
    this.#terminal = terminal
    this.#isQuiet = args.flag('quiet')
    this.reference = new Reader(direct, target, signal)
    this.subject = new Reader(faulty, target, signal)
  }

  static async open(target: Target, args: Arguments, terminal: Terminal): Promise<FaultRun> {
    const { headers } = args
    const proxy = await FaultProxy.open(target.url)
    const direct = await openLink(target.url, { headers })
    const faulty = await openLink(proxy.url, {
      // Who serves several hosts goes by this name.
      headers: { ...headers, host: target.url.host },
      backoff: { initialDelay: 100, maxDelay: 1000 },
    })
    const run = new FaultRun({ proxy, direct, faulty, left: new AbortController() }, target, args, terminal)
    try {
      // First the one that must have seen whatever the other one sees.
      await run.reference.start(args.text('last-event-id'))
      await run.subject.start(args.text('last-event-id'))
      return run
    } catch (error) {
      run.close()
      throw error
    }
  }

  /** Resolves with how often what has struck. */
  async strike(options: Strikes, sending: Sending | undefined): Promise<ReadonlyMap<Fault, number>> {
    const struck = new Map<Fault, number>()
    const sent = new AbortController()
    const startedAt = performance.now()
    const signal = AbortSignal.any([this.#terminal.signal, sent.signal])
    const striking = strike(this.#proxy, {
      ...options,
      signal,
      onStrike: (fault) => {
        struck.set(fault, (struck.get(fault) ?? 0) + 1)
        const at = ((performance.now() - startedAt) / 1000).toFixed(1)
        if (!this.#isQuiet) this.#terminal.note(`${at.padStart(6)} s  ${fault}`)
      },
    })
    const sends = sending === undefined ? [] : [sendEvents(this.#direct, sending, signal)]
    try {
      await Promise.race([striking, ...sends, this.subject.ended, this.reference.ended])
    } finally {
      sent.abort()
      this.#proxy.heal()
      await Promise.allSettled([striking, ...sends])
    }
    this.#terminal.signal.throwIfAborted()
    return struck
  }

  /** Waits until the stream through the proxy has seen what the other one has seen, and that sees nothing more. */
  async settle(milliseconds: number): Promise<void> {
    const endsAt = performance.now() + milliseconds
    let last: string | undefined
    let isOver = false
    void this.subject.ended.then(() => {
      isOver = true
    })
    while (performance.now() < endsAt && !isOver) {
      await sleep(250, this.#terminal.signal)
      const newest = this.reference.sightings.seen.at(-1)
      const isQuiet = newest === last
      last = newest
      // In a stream that never rests nothing is ever the newest for long.
      if (newest === undefined || (isQuiet && this.subject.sightings.seen.at(-1) === newest)) return
    }
  }

  close(): void {
    this.#left.abort()
    for (const link of this.#links) link.close()
    this.#proxy.close()
  }
}

interface ReportOptions {
  readonly seed: number
  readonly args: Arguments
  readonly terminal: Terminal
}

async function report(
  { reference, subject }: FaultRun,
  struck: ReadonlyMap<Fault, number>,
  { seed, args, terminal }: ReportOptions,
): Promise<number> {
  const [without, through]: readonly [Sightings, Sightings] = [reference.sightings, subject.sightings]
  const { expected, lost, repeated, disordered } = compare(without.seen, through.seen, through.gaps.length)
  const { cuts, gaps, error = without.error } = through
  const isWhole = lost.length + repeated.length + disordered.length === 0
  if (args.flag('json')) {
    const failure = error === undefined ? undefined : describeError(error)
    const counts = { seed, faults: Object.fromEntries(struck), expected, received: through.seen.length, cuts, gaps }
    await terminal.write(`${toJSON({ ...counts, lost, repeated, disordered, error: failure })}\n`)
  } else {
    const named = [...struck].map(([fault, count]) => `${fault} ${count}`)
    await terminal.write(
      `${[
        `faults        ${named.length === 0 ? 'none' : named.join(', ')}; seed ${seed}`,
        `events        ${expected} expected, ${through.seen.length} received, over ${cuts} cuts`,
        `gaps told     ${list(gaps.map(({ reason }) => reason))}`,
        `lost          ${list(lost)}`,
        `repeated      ${list(repeated)}`,
        `out of order  ${list(disordered)}`,
      ].join('\n')}\n`,
    )
    if (error !== undefined) terminal.note(`The stream failed: ${describeError(error)}`)
    else if (expected === 0) terminal.note('There were no events, so nothing was tested: --send makes some')
  }
  if (!isWhole) return ExitCode.GAP
  return error !== undefined || expected === 0 ? ExitCode.FAILED : ExitCode.DONE
}

function list(sightings: readonly string[]): string {
  const shown = sightings.slice(0, 5).join(', ')
  return sightings.length === 0 ? '0' : `${sightings.length}: ${shown}${sightings.length > 5 ? ', …' : ''}`
}

function parseFaults(text: string): readonly Fault[] {
  return text.split(',').map((name) => {
    const fault = FAULTS.find((fault) => fault === name.trim())
    if (fault === undefined) throw new UsageError(`--faults has to be some of ${FAULTS.join(', ')}, not ${name}`)
    return fault
  })
}

function parseSending(args: Arguments): Sending | undefined {
  const procedure = args.text('send')
  const input = args.text('send-input')
  const rate = args.number('rate', { least: 0.001, whole: false }) ?? 20
  if (procedure === undefined) return undefined
  try {
    if (input !== undefined) JSON.parse(input.replaceAll('{n}', '0'))
  } catch {
    throw new UsageError('--send-input is no JSON')
  }
  return { path: parsePath(procedure), input, rate }
}
