import type { Patch } from './programs.ts'

/** A deliberate bug, and where the harness has to find it. */
export interface Mutant {
  readonly name: string
  readonly patches: readonly Patch[]
  /** The cells, tried one after the other with several seeds until it is caught. */
  readonly cells: readonly string[]
}

const patch = (file: string, find: string, replace: string): Patch => ({ file: `src/${file}`, find, replace })

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'read before the watch stands',
    cells: ['sse/redis/split', 'ws/redis/delay'],
    patches: [
      patch(
        'publisher/channel-reader.ts',
        'await watch.add(this.#channel)',
        'setTimeout(() => void watch.add(this.#channel), 2000)',
      ),
      patch('publisher/heads-poll.ts', 'this.#timer = setInterval(', 'return; this.#timer = setInterval('),
    ],
  },
  {
    name: 'take the records of a wake-up wherever they belong',
    cells: ['sse/redis/some-lost-wakes', 'sse/redis/doubled-wakes'],
    patches: [
      patch(
        'publisher/channel-reader.ts',
        'if (isKnown) this.#push(records)\n    return this.#has(last)',
        'this.#push(records)\n    return isKnown || before !== last',
      ),
    ],
  },
  {
    name: 'no poll for wake-ups that were lost',
    cells: ['sse/redis/lost-wakes', 'sse/sqlite/lost-wakes'],
    patches: [patch('publisher/heads-poll.ts', 'this.#timer = setInterval(', 'return; this.#timer = setInterval(')],
  },
  {
    name: "keep the publisher's own object instead of its encoding",
    cells: ['sse/memory/cut'],
    patches: [
      patch(
        'publisher/publisher.ts',
        '{ data: format.encode(event) }',
        '{ get data() { return format.encode(event) } }',
      ),
    ],
  },
  {
    name: 'take the end of a body for the end of the stream',
    cells: ['sse/memory/eof'],
    patches: [
      patch(
        'session/event-stream-source.ts',
        "return this.#ended ? { type: 'done', value: undefined } : undefined",
        "return { type: 'done', value: undefined }",
      ),
    ],
  },
  {
    name: 'epochs and tags that are the same after a restart',
    cells: ['sse/memory/kill-server'],
    patches: [
      patch('publisher/memory-log.ts', 'epoch: randomToken(12)', "epoch: 'epoch'"),
      patch('publisher/memory-log.ts', 'const tag = randomToken(6)', "const tag = 'tag'"),
    ],
  },
  {
    name: 'resume one event too late',
    cells: ['sse/memory/cut', 'sse/memory/reset'],
    patches: [
      patch(
        'event/tail.ts',
        'constructor(tail: Tail<Entry>, sequence: number = tail.next) {\n    this.#tail = tail\n    this.#sequence = sequence',
        'constructor(tail: Tail<Entry>, sequence: number = tail.next) {\n    this.#tail = tail\n    this.#sequence = sequence > tail.first && sequence < tail.next ? sequence + 1 : sequence',
      ),
    ],
  },
  {
    name: 'resume one event too early',
    cells: ['sse/redis/kill-server', 'sse/redis/cut'],
    patches: [
      patch(
        'publisher/channel-reader.ts',
        'const sequence = this.#sequenceAfter(after.offset)',
        'const sequence = Math.max(this.#tail.first, this.#sequenceAfter(after.offset) - 1)',
      ),
      patch('publisher/subscription.ts', 'if (event.position.offset > offset) return event', 'return event'),
    ],
  },
  {
    name: 'write on while the socket is full',
    cells: ['sse/memory/slow'],
    patches: [patch('session/event-stream-body.ts', 'if (sink.full) {', 'if (this.#left) {')],
  },
  {
    name: 'never tell a handler that its client has left',
    cells: ['sse/memory/cut'],
    patches: [patch('node/node-request.ts', 'if (isCut) serverRequest.abort()', '')],
  },
  {
    name: 'acknowledge before the log has it',
    cells: ['sse/redis/kill-log', 'sse/redis/cut-log', 'sse/redis/kill-server'],
    patches: [
      patch(
        'publisher/append-queue.ts',
        'await this.#appendBatch(channel, batch)',
        "for (const { resolve } of batch) resolve({ id: 'none', duplicate: false })\n        await this.#appendBatch(channel, batch)",
      ),
    ],
  },
  {
    name: 'append again when an answer was lost, without the key',
    cells: ['sse/redis/cut-log', 'sse/redis/kill-log', 'sse/redis/half-open-log'],
    patches: [
      patch(
        'publisher/append-queue.ts',
        'return await log.append(channel, records, options)',
        'return await log.append(channel, records, { ...options, idempotencyKey: undefined })',
      ),
    ],
  },
  {
    name: 'ignore idempotency keys',
    cells: ['sse/memory/kill-client', 'sse/redis/cut'],
    patches: [
      patch(
        'publisher/publisher.ts',
        'this.#queue.append(channel, records, idempotencyKey)',
        'this.#queue.append(channel, records, undefined)',
      ),
    ],
  },
  {
    name: 'appends of one publisher overtake each other',
    cells: ['sse/redis/cut', 'sse/redis/delay'],
    patches: [
      patch(
        'publisher/append-queue.ts',
        'const entry = { records, idempotencyKey, resolve, reject }\n',
        "const entry = { records, idempotencyKey, resolve, reject }\n      if (idempotencyKey?.endsWith('1')) return void setTimeout(() => this.#drain(channel, [entry]), 30)\n",
      ),
    ],
  },
  {
    name: 'go on behind what was trimmed without a gap',
    cells: ['sse/redis/trim', 'sse/sqlite/trim'],
    patches: [
      patch(
        'publisher/subscription.ts',
        "if (after !== 'start' && after.offset < page.trimmed) throw trimmedGap(after, page)",
        '',
      ),
    ],
  },
  {
    name: 'trim one event too many',
    cells: ['sse/sqlite/trim', 'ws/sqlite/trim'],
    patches: [
      patch('publisher/sqlite/trimmer.ts', 'Math.max(last, head - events)', 'Math.max(last, head - events + 5)'),
    ],
  },
  {
    name: 'wait for ever on a connection that says nothing',
    cells: ['sse/memory/half-open'],
    patches: [
      patch(
        'session/event-stream-source.ts',
        'Number.isFinite(silenceTimeout) ? setTimeout(() => this.close(), silenceTimeout) : undefined',
        'undefined',
      ),
    ],
  },
  {
    name: 'drain by ending streams with an error',
    cells: ['sse/redis/deploy'],
    patches: [
      patch(
        'session/event-stream-body.ts',
        'drain?.onStart(this.leave)',
        'drain?.onStart(() => { sink.error(this.#formatError(new Error("draining"))); this.leave() })',
      ),
    ],
  },
  {
    name: 'forget the id when a stream is reopened',
    cells: ['sse/memory/cut', 'sse/memory/reset'],
    patches: [
      patch(
        'event/resume.ts',
        'await this.#options.open(this.#lastEventId, this.#controller.signal)',
        'await this.#options.open(undefined, this.#controller.signal)',
      ),
    ],
  },
  {
    name: 'publishers wait for slow subscribers',
    cells: ['ws/memory/slow'],
    patches: [
      patch(
        'publisher/publisher.ts',
        'before: (channel) => this.#readers.started(channel)',
        `before: async (channel) => {
          await this.#readers.started(channel)
          while (this.#readers.now().lag > 5) await new Promise((resolve) => setTimeout(resolve, 20))
        }`,
      ),
    ],
  },
  {
    name: 'subscribers that have all wake their reader',
    cells: ['sse/memory/storm'],
    patches: [
      patch(
        'publisher/subscription.ts',
        'if (event === undefined) return undefined\n    const value',
        'if (event === undefined) return void this.#lease.reader.wake()\n    const value',
      ),
    ],
  },
  {
    name: 'cache a stale frame over WebSockets',
    cells: ['all/memory/mixed'],
    patches: [
      patch(
        'session/peer/peer-sink.ts',
        'last === undefined || last.meta !== meta || last.id !== id || last.data !== data',
        'last === undefined || last.id !== id || last.data.length !== data.length',
      ),
    ],
  },
  {
    name: 'let subscriptions outlive their signal',
    cells: ['sse/memory/expiry'],
    patches: [
      patch('publisher/subscription.ts', "else options.signal?.addEventListener('abort', this.#abort)", ''),
      patch('publisher/subscription.ts', 'if (this.#left !== undefined) this.#options.signal?.throwIfAborted()', ''),
    ],
  },
]
