import { onAbort } from '../../core/abort.ts'
import { RPCError } from '../../core/error.ts'
import type { OutgoingRequest } from '../../session/request-sender.ts'
import { keepResponse } from '../kept-response.ts'
import { indexOf, isBatchAnswer, readAnswers, toCallResponse } from './batch-answers.ts'
import type { BatchRequest } from './batch-request.ts'

/** A call that waits for its part of a batch. */
export interface WaitingCall {
  readonly request: OutgoingRequest
  readonly send: (changed?: Partial<OutgoingRequest>) => Promise<Response>
  readonly resolve: (response: Response) => void
  readonly reject: (error: unknown) => void
}

/** Sends a batch and gives each call its answer. A call that is aborted leaves; with the last one goes the batch. */
export async function exchangeBatch(calls: readonly WaitingCall[], batch: BatchRequest): Promise<void> {
  const left = new AbortController()
  const waiting = new Map<unknown, WaitingCall>(calls.entries())
  const releases = calls.map(({ request: { signal }, reject }, index) =>
    onAbort(signal, () => {
      reject(signal?.reason)
      waiting.delete(index)
      if (waiting.size === 0) left.abort(signal?.reason)
    }),
  )
  try {
    const [first] = calls as [WaitingCall]
    const response = await first.send({ ...batch, signal: left.signal })
    if (isBatchAnswer(response)) await deal(response, waiting)
    else await refuse(response, batch, waiting)
  } catch (error) {
    for (const { reject } of waiting.values()) reject(error)
  } finally {
    for (const release of releases) release()
  }
}

async function deal(response: Response, waiting: Map<unknown, WaitingCall>): Promise<void> {
  for await (const answer of readAnswers(response)) {
    const index = indexOf(answer)
    const call = waiting.get(index)
    waiting.delete(index)
    try {
      call?.resolve(toCallResponse(answer as object, response.status))
    } catch (error) {
      call?.reject(error)
    }
    if (waiting.size === 0) return
  }
  throw new RPCError('CONNECTION_FAILED', { status: 503, message: 'The batch ended before this call was answered' })
}

/** The batch was refused as a whole: that is the answer to each of its calls. */
async function refuse(response: Response, { url }: BatchRequest, waiting: Map<unknown, WaitingCall>): Promise<void> {
  const copy = await keepResponse(response)
  if (response.status < 400 || response.status === 404) {
    const [address] = url.split('?', 1)
    const message = `No batches are answered at ${address}: does the handler have its BatchHandlerPlugin?`
    throw new RPCError('BAD_GATEWAY', { message, data: { status: response.status } })
  }
  for (const { resolve } of waiting.values()) resolve(copy())
}
