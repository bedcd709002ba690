import type { Writable } from 'node:stream'
import { toSink, written } from '../../node/writable.ts'
import { EventStreamBody } from '../../session/event-stream-body.ts'
import type { ServerResponse } from '../../session/server-request.ts'

/** What the runtime is told before the first byte of the body. */
interface ResponseHead {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
}

/** The global of Lambda's Node runtime. */
interface LambdaRuntime {
  readonly HttpResponseStream: { from(stream: Writable, head: ResponseHead): Writable }
}

/** Sends an answer. Resolves when it has been sent or the client has left; never rejects. */
export async function sendResponse(responseStream: Writable, { status, headers, body }: ServerResponse): Promise<void> {
  const form = body instanceof FormData ? new Response(body) : undefined
  const { awslambda } = globalThis as unknown as { readonly awslambda: LambdaRuntime }
  const stream = awslambda.HttpResponseStream.from(responseStream, toHead(status, headers, form))
  if (body instanceof EventStreamBody) await body.pipe(toSink(stream))
  else if (form !== undefined) stream.write(new Uint8Array(await form.arrayBuffer()))
  // An empty body is written all the same: the head goes out with the first write, never with the end.
  else stream.write(body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : (body ?? ''))
  stream.end()
  await written(stream)
}

function toHead(status: number, entries: ServerResponse['headers'], form: Response | undefined): ResponseHead {
  const { 'set-cookie': cookies = [], ...others } = entries
  const headers = Object.entries(others).map(([name, value]) => [name, [value].flat().join(', ')])
  const type = form?.headers.get('content-type')
  if (type) headers.push(['content-type', type])
  return { statusCode: status, headers: Object.fromEntries(headers), cookies: [cookies].flat() }
}
