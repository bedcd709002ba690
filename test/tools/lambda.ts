import { type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { LambdaEvent } from '../../src/transport/aws-lambda/lambda-event.ts'
import { listen, type TestServer } from './serve.ts'

interface ResponseHead {
  readonly statusCode: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
}

/** The stream of an answer is a request to the service that relays it to the client, as in Lambda's Node runtime. */
export type LambdaFunction = (event: LambdaEvent, responseStream: ClientRequest) => Promise<void>

const END_OF_HEAD = new Uint8Array(8)

/** The global of Lambda's Node runtime. */
export const awslambda = {
  streamifyResponse: (handler: LambdaFunction): LambdaFunction => handler,
  HttpResponseStream: {
    /** The head goes out before the first `write()`; an `end()` alone never sends it. */
    from(stream: ClientRequest, head: ResponseHead): ClientRequest {
      const write: ClientRequest['write'] = stream.write.bind(stream)
      const writeFirst = (chunk: string | Uint8Array): boolean => {
        stream.write = write
        write(JSON.stringify(head))
        write(END_OF_HEAD)
        return write(chunk)
      }
      return Object.assign(stream, { write: writeFirst })
    },
  },
}

/** A Function URL in front of a function: an event for each request, the answer relayed as it is written. */
export async function serveLambda(handler: LambdaFunction, port?: number): Promise<TestServer> {
  const clients = new Map<string, ServerResponse>()
  const relay = createServer(async (answer, response) => {
    const client = clients.get(answer.url ?? '')
    clients.delete(answer.url ?? '')
    // A client that leaves cuts the stream of its answer: nothing else tells the function.
    client?.once('close', () => answer.destroy())
    if (client === undefined || client.closed) answer.destroy()
    else await relayAnswer(answer, client)
    response.end()
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const relayPort = (relay.address() as AddressInfo).port

  const front = await listen(async (incoming, client) => {
    const path = `/${crypto.randomUUID()}`
    clients.set(path, client)
    const event = toEvent(incoming, await buffer(incoming))
    const responseStream = request({ port: relayPort, host: '127.0.0.1', method: 'POST', path })
    responseStream.flushHeaders()
    await handler(event, responseStream)
  }, port)
  return {
    ...front,
    close: async () => {
      await front.close()
      relay.close()
      relay.closeAllConnections()
    },
  }
}

function toEvent(incoming: IncomingMessage, body: Buffer): LambdaEvent {
  const { method = 'GET', url = '/' } = incoming
  const { cookie, ...headers } = incoming.headers
  const [rawPath = '', rawQueryString = ''] = url.split('?')
  const isText = headers['content-type'] === 'application/json'
  return {
    rawPath,
    rawQueryString,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    requestContext: { http: { method } },
    ...(cookie === undefined ? {} : { cookies: cookie.split('; ') }),
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  }
}

async function relayAnswer(answer: IncomingMessage, client: ServerResponse): Promise<void> {
  let start: Buffer | undefined = Buffer.alloc(0)
  await pipeline(
    answer,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        if (start === undefined) yield chunk
        else {
          start = Buffer.concat([start, chunk])
          const end = start.indexOf(END_OF_HEAD)
          if (end === -1) continue
          const { statusCode, headers, cookies = [] }: ResponseHead = JSON.parse(start.subarray(0, end).toString())
          client.writeHead(statusCode, { ...headers, 'set-cookie': [...cookies] })
          yield start.subarray(end + END_OF_HEAD.length)
          start = undefined
        }
      }
    },
    client,
  ).catch(() => {})
}
