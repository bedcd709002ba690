import { fromBase64 } from '../../core/base64.ts'
import { codeOfStatus, RPCError } from '../../core/error.ts'
import { EventStreamSource } from '../../session/event-stream-source.ts'
import { BATCH_NOTE, type BatchAnswer, toItemHeaders } from '../../wire/batch.ts'
import { toResponse } from '../kept-response.ts'

/** Longest silence of answers that come one by one, in ms, before they count as lost. */
const SILENCE_TIMEOUT = 25_000

/** Whether the server has answered the batch's calls, and not refused it as a whole. */
export function isBatchAnswer({ status, headers }: Response): boolean {
  return status < 400 && /^(text\/event-stream|application\/json)/.test(headers.get('content-type') ?? '')
}

/** The answers in a batch's response, as they come. */
export async function* readAnswers(response: Response): AsyncGenerator<unknown, void> {
  if (response.headers.get('content-type')?.startsWith('application/json')) {
    const answers = parse(await response.text())
    if (!Array.isArray(answers)) throw malformed('expected an array of answers')
    yield* answers
    return
  }
  const source = new EventStreamSource(response.body ?? new Blob([]).stream(), {
    silenceTimeout: SILENCE_TIMEOUT,
    parseValue: parse,
  })
  try {
    for (let frame = await source.next(); frame !== undefined; frame = await source.next()) {
      if (frame.type === 'done') return
      if (frame.type === 'error') throw frame.error
      if (frame.type === 'event') yield frame.value
    }
  } finally {
    source.close()
  }
}

/** To which call something that came as an answer belongs. */
export function indexOf(answer: unknown): unknown {
  return typeof answer === 'object' && answer !== null && 'index' in answer ? answer.index : undefined
}

/**
 * An answer out of a batch as the response that its call would have got alone.
 *
 * @param batchStatus that of the batch, which answers do not repeat.
 * @throws {RPCError} when it cannot be one.
 */
export function toCallResponse(answer: Partial<BatchAnswer>, batchStatus: number): Response {
  const { status = batchStatus, body } = answer
  const headers = toItemHeaders(answer.headers)
  if (headers === undefined) throw malformed('the headers of an answer are none')
  const contentType = headers.get('content-type')
  if (typeof body === 'string' && contentType === null && status >= 400) {
    const message = `The call was refused within its batch: ${body}`
    throw new RPCError(codeOfStatus(status), { status: Math.min(status, 599), message })
  }
  try {
    if (typeof body === 'string' && headers.get(BATCH_NOTE) === 'base64') {
      return toResponse(fromBase64(body), status, headers)
    }
    if (typeof body === 'string' && contentType !== null) return toResponse(body, status, headers)
    if (body !== undefined && contentType === null) headers.set('content-type', 'application/json')
    return toResponse(JSON.stringify(body) ?? '', status, headers)
  } catch (cause) {
    throw malformed('an answer is none', cause)
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw malformed('not JSON', cause)
  }
}

function malformed(what: string, cause?: unknown): RPCError {
  return new RPCError('BAD_GATEWAY', { message: `The server answered a batch with something else: ${what}`, cause })
}
