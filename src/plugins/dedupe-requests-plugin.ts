import { onAbort, unlessAborted } from '../core/abort.ts'
import type { LinkPlugin } from '../session/call-link.ts'
import type { OutgoingRequest, RequestInterceptor } from '../session/request-sender.ts'
import { keepResponse } from './kept-response.ts'

/** A request as it asks to be shared. */
export interface DedupeCandidate<ClientContext> extends OutgoingRequest {
  readonly context: ClientContext
}

export interface DedupeGroup<ClientContext> {
  /** Which requests are of this group: the first one that says so takes them. */
  condition(request: DedupeCandidate<ClientContext>): boolean
  /** The context of the group's requests, for what stands behind this plugin. */
  readonly context: ClientContext
}

export interface DedupeRequestsPluginOptions<ClientContext> {
  /** Equal requests of one group share one; those of none are sent each. */
  readonly groups: readonly DedupeGroup<ClientContext>[]
  /** Which requests may be shared. Default: those by GET. */
  readonly filter?: ((request: DedupeCandidate<ClientContext>) => boolean) | undefined
}

/** A request under way, for all who asked the same. */
interface SharedRequest {
  readonly callers: Set<object>
  readonly left: AbortController
  /** Gives each caller a copy of the answer; a stream only the first, since it cannot be copied. */
  readonly answer: Promise<() => Response | undefined>
}

/**
 * Sends equal requests that are under way at the same moment only once. Each caller gets a copy of the answer.
 *
 * Streams are not shared. What is under way when another request is answered, a write perhaps, is not shared with
 * later callers: they may rely on what was written. Stands before `BatchLinkPlugin`.
 *
 * @example
 * new RPCLink({ url, method: 'GET', plugins: [new DedupeRequestsPlugin({ groups: [{ condition: () => true, context: {} }] })] })
 */
export class DedupeRequestsPlugin<ClientContext = any> implements LinkPlugin<ClientContext> {
  readonly #groups: readonly DedupeGroup<ClientContext>[]
  readonly #filter: (request: DedupeCandidate<ClientContext>) => boolean
  readonly #shared = new Map<string, SharedRequest>()

  constructor({ groups, filter }: NoInfer<DedupeRequestsPluginOptions<ClientContext>>) {
    this.#groups = groups
    this.#filter = filter ?? (({ method }) => method === 'GET')
  }

  readonly requestInterceptor: RequestInterceptor = async ({ next, ...request }) => {
    const candidate = request as DedupeCandidate<ClientContext>
    const isSharable = isRepeatable(request) && this.#filter(candidate)
    if (!isSharable) return next().finally(() => this.#shared.clear())
    const group = this.#groups.find((group) => group.condition(candidate))
    if (group === undefined || request.signal?.aborted) return next()
    const key = toKey(this.#groups.indexOf(group), request)
    const shared = this.#shared.get(key) ?? this.#start(key, (signal) => next({ signal, context: group.context }))
    return (await this.#join(key, shared, request.signal)) ?? next()
  }

  #start(key: string, send: (signal: AbortSignal) => Promise<Response>): SharedRequest {
    const left = new AbortController()
    const answer = send(left.signal)
      .then(toCopies)
      .finally(() => this.#forget(key, shared))
    const shared: SharedRequest = { callers: new Set(), left, answer }
    this.#shared.set(key, shared)
    return shared
  }

  async #join(key: string, shared: SharedRequest, signal: AbortSignal | undefined): Promise<Response | undefined> {
    const caller = {}
    shared.callers.add(caller)
    const offAbort = onAbort(signal, () => {
      shared.callers.delete(caller)
      if (shared.callers.size > 0) return
      this.#forget(key, shared)
      shared.left.abort(signal?.reason)
    })
    let response: Response | undefined
    try {
      const copy = await (signal === undefined ? shared.answer : unlessAborted(shared.answer, signal))
      response = copy()
      return response
    } finally {
      // Who has got a stream goes on reading it: that caller's leaving still has to end it.
      if (response === undefined || !isStream(response)) {
        shared.callers.delete(caller)
        offAbort()
      }
    }
  }

  #forget(key: string, shared: SharedRequest): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key)
  }
}

async function toCopies(response: Response): Promise<() => Response | undefined> {
  if (!isStream(response)) return keepResponse(response)
  const untaken = [response]
  return () => untaken.pop()
}

function isStream({ headers }: Response): boolean {
  return (headers.get('content-type') ?? '').startsWith('text/event-stream')
}

/** Whether a request can be compared and shared: what it sends is text, and it does not resume a stream. */
function isRepeatable({ headers, body }: OutgoingRequest): boolean {
  return (body === null || typeof body === 'string') && !headers.has('last-event-id')
}

/** Every call has its own place in a trace: that makes no other request of it. */
const TRACING: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'baggage'])

function toKey(group: number, { method, url, headers, body }: OutgoingRequest): string {
  return JSON.stringify([group, method, url, [...headers].filter(([name]) => !TRACING.has(name)), body])
}
