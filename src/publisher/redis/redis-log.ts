import { RPCError } from '../../core/error.ts'
import { randomToken } from '../../core/random-token.ts'
import { RedisScripts, redisErrorCode } from '../../core/redis-scripts.ts'
import { assertPlace } from '../assert-place.ts'
import type {
  AppendOptions,
  AppendResult,
  EventLog,
  Head,
  LogCapabilities,
  LogWatch,
  NewRecord,
  Page,
  Wake,
} from '../event-log.ts'
import type { Position } from '../position.ts'
import { remembered } from '../remembered.ts'
import { allChannels, type ChannelKeys, channelKeys } from './keys.ts'
import { warningsOf } from './probe.ts'
import { parseHeads, parsePage } from './replies.ts'
import { APPEND, HEADS, INFO, READ, ROTATE, ROTATE_ALL } from './scripts.ts'
import { isCluster, type RedisLogClient, resends } from './subscriber.ts'
import { formatLengths } from './wake-message.ts'
import { Watches } from './watches.ts'

export interface RedisLogOptions {
  /** What its keys begin with. Default `'headwater:log:'`. */
  readonly prefix?: string | undefined
  /**
   * What an acknowledged event survives: it is for you to set Redis up so. `'process-kill'` needs an append-only file,
   * `'power-loss'` one with `appendfsync always`. Default `'process-kill'`.
   */
  readonly survives?: LogCapabilities['survives'] | undefined
  /** `'async'` when there are replicas: one that takes over may not have the last events. Default `'async'`. */
  readonly copies?: 'one' | 'async' | undefined
  /** How long an idempotency key is remembered, in seconds. Default 300. */
  readonly idempotencySeconds?: number | undefined
  /** How long a channel without records is remembered, in seconds. Later it begins anew. Default 7 days. */
  readonly forgetSeconds?: number | undefined
  /** How long a command may take, in ms. Default 5000. */
  readonly timeout?: number | undefined
  /** Is told, once, how Redis is set up otherwise than `survives` says. Default `console.warn`. */
  readonly onWarning?: ((warning: string) => void) | undefined
}

/** How many channels one script asks for, where they need not be of one slot. */
const HEADS_AT_ONCE = 256

/** More ms than Redis takes is for ever. */
const FOR_EVER = 1e14

/**
 * A log in Redis 6.2 or later, for many processes on many machines. In a cluster, Redis 7.
 *
 * @example
 * const publisher = new Publisher<Events>(new RedisLog(await createClient({ url }).connect()))
 */
export class RedisLog implements EventLog {
  readonly capabilities: LogCapabilities
  readonly #prefix: string
  readonly #keys: (channel: string) => ChannelKeys = remembered((channel) => channelKeys(this.#prefix, channel))
  readonly #idempotency: number
  readonly #forget: number
  readonly #timeout: number
  readonly #onWarning: (warning: string) => void
  readonly #isCluster: boolean
  readonly #resends: boolean
  readonly #scripts: RedisScripts
  readonly #watches: Watches
  readonly #stop = new AbortController()
  #probing: Promise<void> | undefined
  #isSilent = false

  constructor(client: RedisLogClient, options: RedisLogOptions = {}) {
    const { survives = 'process-kill', copies = 'async', idempotencySeconds = 300, timeout = 5000 } = options
    this.#prefix = options.prefix ?? 'headwater:log:'
    this.#idempotency = Math.ceil(idempotencySeconds * 1000)
    this.#forget = Math.ceil((options.forgetSeconds ?? 7 * 24 * 3600) * 1000)
    this.#timeout = timeout
    this.#onWarning = options.onWarning ?? console.warn
    this.#isCluster = isCluster(client)
    this.#resends = resends(client)
    this.#scripts = new RedisScripts(client, timeout)
    this.#watches = new Watches({
      client,
      within: (work) => this.#scripts.within(work),
      locate: (topic) => this.#run(INFO, [topic], []),
      topicOf: (channel) => this.#keys(channel).topic,
      signal: this.#stop.signal,
    })
    this.capabilities = {
      offsets: 'contiguous',
      survives,
      copies,
      idempotencySeconds,
      retention: { count: true, perChannel: true },
      transaction: false,
      atomicBatch: true,
      rotation: { channel: true, log: !this.#isCluster },
    }
  }

  async append(
    name: string,
    records: readonly NewRecord[],
    { retention, idempotencyKey }: AppendOptions<never>,
  ): Promise<AppendResult> {
    if (records.length === 0) throw new RangeError('There is nothing to append')
    const { seconds = Number.POSITIVE_INFINITY, events = Number.POSITIVE_INFINITY } = retention
    const keys = this.#keys(name)
    const tag = randomToken(6)
    // Sent again by the client, an append without a key is known by its tag.
    const key = idempotencyKey ?? (this.#resends ? tag : undefined)
    const milliseconds = Math.ceil(seconds * 1000)
    const args = [
      ...[randomToken(12), this.#forget, tag],
      ...[milliseconds < FOR_EVER ? milliseconds : '', events < FOR_EVER ? events : ''],
      idempotencyKey === undefined ? this.#timeout * 2 : this.#idempotency,
      ...[this.#isCluster ? 'SPUBLISH' : 'PUBLISH', keys.topic, formatLengths(records)],
      ...records.map(({ data }) => data),
    ]
    const all = key === undefined ? [keys.meta, keys.events] : [keys.meta, keys.events, keys.idempotency(key)]
    const [isNew, ...reply] = (await this.#append(all, args)) as unknown[]
    if (Number(isNew) === 0) {
      const [epoch = '', first, last, firstTag = ''] = String(reply[0]).split(':')
      const place = (offset: string | undefined): Position => ({ epoch, offset: Number(offset), tag: firstTag })
      return { first: place(first), last: place(last), duplicate: firstTag !== tag }
    }
    const [epoch, offset, beforeTag, problem = ''] = [String(reply[0]), Number(reply[1]), String(reply[2]), reply[3]]
    if (String(problem) !== '') this.#warnOfSilence(String(problem))
    return {
      before: { epoch, offset, tag: beforeTag },
      first: { epoch, offset: offset + 1, tag },
      last: { epoch, offset: offset + records.length, tag },
      duplicate: false,
    }
  }

  async read(
    name: string,
    after: Position | 'start',
    limit: { readonly records: number; readonly bytes: number },
  ): Promise<Page> {
    const { meta, events } = this.#keys(name)
    const offset = after === 'start' ? '' : after.offset
    const args = [randomToken(12), this.#forget, offset, limit.records, limit.bytes]
    const { page, head, trimmed, tag } = parsePage(await this.#run(READ, [meta, events], args))
    if (after !== 'start') assertPlace({ head, trimmed, tagAt: () => tag }, after)
    return page
  }

  async heads(names: readonly string[]): Promise<readonly Head[]> {
    const size = this.#isCluster ? 1 : HEADS_AT_ONCE
    const chunks = Array.from({ length: Math.ceil(names.length / size) }, (_, index) =>
      names.slice(index * size, (index + 1) * size),
    )
    const heads = await Promise.all(
      chunks.map(async (chunk) => {
        const keys = chunk.map((name) => this.#keys(name)).flatMap(({ meta, events }) => [meta, events])
        return parseHeads(await this.#run(HEADS, keys, [this.#forget, ...chunk.map(() => randomToken(12))]))
      }),
    )
    this.#assertOpen()
    return heads.flat()
  }

  async watch(wake: Wake): Promise<LogWatch> {
    this.#assertOpen()
    return this.#watches.open(wake)
  }

  /**
   * Gives a channel, or all, another epoch: whoever resumes gets a gap. For after a backup was put back.
   *
   * @throws {RPCError} `NOT_IMPLEMENTED` for all channels of a cluster, which no command knows: name them.
   */
  async rotateEpoch(name?: string): Promise<void> {
    const command = this.#isCluster ? 'SPUBLISH' : 'PUBLISH'
    if (name !== undefined) {
      const { meta, topic } = this.#keys(name)
      await this.#run(ROTATE, [meta], [randomToken(12), command, topic])
      return
    }
    if (this.#isCluster) {
      const message = 'The channels of a cluster cannot be listed: rotate the epoch of each by its name'
      throw new RPCError('NOT_IMPLEMENTED', { message })
    }
    let cursor = '0'
    do {
      const args = [cursor, allChannels(this.#prefix), randomToken(6)]
      cursor = String(await this.#run(ROTATE_ALL, [], args))
    } while (cursor !== '0')
  }

  /** Closes the connections that it has opened; your client stays open. Calls that follow reject. */
  async close(): Promise<void> {
    if (this.#stop.signal.aborted) return
    this.#stop.abort(new RPCError('SERVICE_UNAVAILABLE', { message: 'The log was closed' }))
    this.#watches.close()
  }

  #assertOpen(): void {
    this.#stop.signal.throwIfAborted()
  }

  async #append(keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    this.#assertOpen()
    this.#probe()
    try {
      return await this.#scripts.run(APPEND, keys, args)
    } catch (cause) {
      if (redisErrorCode(cause) !== undefined) throw refused(cause)
      const message = 'Redis did not answer an append: the events may have been appended or not'
      throw new RPCError('APPEND_UNKNOWN', { status: 503, message, cause })
    }
  }

  async #run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    this.#assertOpen()
    this.#probe()
    try {
      return await this.#scripts.run(script, keys, args)
    } catch (cause) {
      throw refused(cause)
    }
  }

  /** Once. The events are there all the same, and the polls of the readers find them. */
  #warnOfSilence(problem: string): void {
    if (this.#isSilent) return
    this.#isSilent = true
    this.#onWarning(`RedisLog: nobody is woken by appends, because they cannot be published: ${problem}`)
  }

  /** Once, beside the first command. What Redis does not tell is not warned of. */
  #probe(): void {
    const { survives } = this.capabilities
    this.#probing ??= this.#scripts
      .run(INFO, [this.#keys('').meta])
      .then((info) => {
        for (const warning of warningsOf(String(info), survives)) this.#onWarning(warning)
      })
      .catch(() => {})
  }
}

function refused(cause: unknown): RPCError<'SERVICE_UNAVAILABLE', unknown> {
  const message = `Redis did not do it: ${cause instanceof Error ? cause.message : cause}`
  return new RPCError('SERVICE_UNAVAILABLE', { message, cause })
}
