import type { LinkPlugin } from '../../session/call-link.ts'
import type { OutgoingRequest, RequestInterceptor } from '../../session/request-sender.ts'
import { BATCH_NOTE, type BatchMode } from '../../wire/batch.ts'
import { exchangeBatch, type WaitingCall } from './batch-exchange.ts'
import { isBatchable, toBatchRequest } from './batch-request.ts'

/** A request as it asks to be put into a batch. */
export interface BatchCandidate<ClientContext> extends OutgoingRequest {
  readonly context: ClientContext
}

export interface BatchGroup<ClientContext> {
  /** Which requests are of this group: the first one that says so takes them. */
  condition(request: BatchCandidate<ClientContext>): boolean
  /** The context of the group's batches, for what stands behind this plugin. */
  readonly context: ClientContext
}

export interface BatchLinkPluginOptions<ClientContext> {
  /** Requests of one group may share a batch; those of none are sent alone. */
  readonly groups: readonly BatchGroup<ClientContext>[]
  /** Calls in a batch; more become several. Default 10, as in handlers. */
  readonly maxSize?: number | undefined
  /** `'streaming'`: each answer as soon as it is there. `'buffered'`: all together, for servers that cannot stream. */
  readonly mode?: BatchMode | undefined
  /** Longest URL of a batch by GET, in characters; what is longer becomes several. Default 2,083. */
  readonly maxUrlLength?: number | undefined
  /** Requests that are sent alone. */
  readonly exclude?: ((request: BatchCandidate<ClientContext>) => boolean) | undefined
}

/**
 * Puts calls that are made at the same moment into one request. The handler needs its `BatchHandlerPlugin`.
 *
 * Streams and files as inputs are sent alone. So is a call that turns out to be a stream: its first one takes a second
 * request, later ones of that procedure go alone from the start.
 *
 * @example
 * new RPCLink({ url, plugins: [new BatchLinkPlugin({ groups: [{ condition: () => true, context: {} }] })] })
 */
export class BatchLinkPlugin<ClientContext = any> implements LinkPlugin<ClientContext> {
  readonly #options: BatchLinkPluginOptions<ClientContext>
  readonly #maxSize: number
  readonly #maxUrlLength: number
  /** What waits for the end of this moment, by what may share a batch. */
  readonly #queues = new Map<string, { readonly group: BatchGroup<ClientContext>; readonly calls: WaitingCall[] }>()
  /** The procedures that have answered with streams. */
  readonly #streams = new Set<string>()

  constructor(options: NoInfer<BatchLinkPluginOptions<ClientContext>>) {
    this.#options = options
    this.#maxSize = options.maxSize ?? 10
    this.#maxUrlLength = options.maxUrlLength ?? 2083
  }

  readonly requestInterceptor: RequestInterceptor = async ({ next, ...request }) => {
    const group = this.#groupOf(request as BatchCandidate<ClientContext>)
    if (group === undefined) return next()
    const response = await this.#enqueue(group, request, next)
    if (response.headers.get(BATCH_NOTE) !== 'alone') return response
    this.#streams.add(toKey(request))
    return next()
  }

  #groupOf(request: BatchCandidate<ClientContext>): BatchGroup<ClientContext> | undefined {
    if (!isBatchable(request) || request.signal?.aborted || this.#streams.has(toKey(request))) return undefined
    if (this.#options.exclude?.(request)) return undefined
    return this.#options.groups.find((group) => group.condition(request))
  }

  #enqueue(group: BatchGroup<ClientContext>, request: OutgoingRequest, send: WaitingCall['send']): Promise<Response> {
    if (this.#queues.size === 0) setTimeout(() => this.#flush(), 0)
    const key = JSON.stringify([this.#options.groups.indexOf(group), request.method === 'GET', request.baseUrl])
    const queue = this.#queues.get(key) ?? { group, calls: [] }
    this.#queues.set(key, queue)
    return new Promise((resolve, reject) => queue.calls.push({ request, send, resolve, reject }))
  }

  #flush(): void {
    const queues = [...this.#queues.values()]
    this.#queues.clear()
    for (const { group, calls } of queues) {
      for (const { request, reject } of calls) if (request.signal?.aborted) reject(request.signal.reason)
      const wanted = calls.filter(({ request }) => !request.signal?.aborted)
      try {
        this.#send(group, wanted)
      } catch (error) {
        for (const { reject } of wanted) reject(error)
      }
    }
  }

  /** What is too much for one batch goes in two halves, each of which may be too much again. */
  #send(group: BatchGroup<ClientContext>, calls: readonly WaitingCall[]): void {
    const [first, second] = calls
    if (first === undefined) return
    if (second === undefined) return void first.send().then(first.resolve, first.reject)
    const { mode = 'streaming' } = this.#options
    const batch = toBatchRequest(
      calls.map(({ request }) => request),
      { mode, context: group.context },
    )
    const isTooMuch = calls.length > this.#maxSize || (batch.method === 'GET' && batch.url.length > this.#maxUrlLength)
    if (!isTooMuch) return void exchangeBatch(calls, batch)
    const half = Math.ceil(calls.length / 2)
    this.#send(group, calls.slice(0, half))
    this.#send(group, calls.slice(half))
  }
}

function toKey({ path }: OutgoingRequest): string {
  return JSON.stringify(path)
}
