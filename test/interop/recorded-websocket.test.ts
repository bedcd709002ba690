import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createClient } from '../../src/client/create-client.ts'
import { RPCError } from '../../src/core/error.ts'
import { withEventMeta } from '../../src/event/event-meta.ts'
import { os } from '../../src/server/builder.ts'
import { RPCHandler } from '../../src/transport/websocket/rpc-handler.ts'
import { RPCLink } from '../../src/transport/websocket/rpc-link.ts'
import { createRecordedRouter, NATIVE } from './recorded-router.ts'

interface Exchange {
  readonly name: string
  readonly frames: readonly { readonly from: 'client' | 'server'; readonly data: string }[]
  readonly clientSees?: Record<string, unknown>
}

const exchanges: Exchange[] = JSON.parse(readFileSync(join(import.meta.dirname, '../wire/websocket.json'), 'utf8'))
const createError = (code: string, options: object) => new RPCError(code, options)
const router = createRecordedRouter({ os, createError, withEventMeta })

/** A socket whose other side is the test. */
class FakeSocket extends EventTarget {
  readonly readyState = 1
  readonly sent: string[] = []
  onSend: ((data: string) => void) | undefined

  send(data: string | Uint8Array): void {
    this.sent.push(String(data))
    this.onSend?.(String(data))
  }

  close(): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code: 1000, reason: '' }))
  }

  receive(data: string): void {
    this.dispatchEvent(new MessageEvent('message', { data }))
  }
}

function framesOf({ frames }: Exchange, side: 'client' | 'server'): string[] {
  return frames.filter(({ from }) => from === side).map(({ data }) => data)
}

test.each(exchanges)('our handler answers as the reference did: $name', async (exchange) => {
  const socket = new FakeSocket()
  new RPCHandler(router).upgrade(socket as never)
  for (const data of framesOf(exchange, 'client')) {
    // Our server is at the end of the stream before that abort comes, as the recorded one was.
    if (JSON.parse(data).t === 4) await expect.poll(() => socket.sent.length).toBe(framesOf(exchange, 'server').length)
    socket.receive(data)
  }
  const recorded = framesOf(exchange, 'server')
  const answered = [
    '{"i":"h","p":{"b":{"json":{"received":[1,{"d":"1970-01-01T00:00:00.000Z"}],"end":"end"},"meta":[[1,"received",1,"d"]]}}}',
  ]
  // The recorded server did not answer the stream of a client.
  await expect.poll(() => socket.sent).toEqual(exchange.name === 'client stream' ? answered : recorded)
  socket.close()
})

const inputs: Record<string, unknown> = {
  'echo object': { a: 1, b: [true, null, 'x'] },
  'echo native types': NATIVE,
  'validation failure': { a: 'x' },
  stream: { q: new Date(0) },
  'stream resumed': { q: 1 },
  'stream aborted by return()': {},
}

test('our client says what the reference said, frame by frame, and sees what it saw', async () => {
  const socket = new FakeSocket()
  const link = new RPCLink({ websocket: socket as never })
  const client = createClient<any>(link)
  for (const exchange of exchanges) {
    socket.sent.length = 0
    const recorded = framesOf(exchange, 'client')
    const [first = ''] = recorded
    const { p } = JSON.parse(first) as { p: { u: string; h?: Record<string, string> } }
    // The answers come once the request is out.
    socket.onSend = () => {
      socket.onSend = undefined
      queueMicrotask(() => {
        for (const data of framesOf(exchange, 'server')) socket.receive(data)
        if (exchange.name === 'client stream') setTimeout(() => socket.receive('{"i":"h","p":{"b":{}}}'), 20)
      })
    }
    const procedure = p.u
      .slice(1)
      .split('/')
      .reduce((node, name) => node[name], client)
    const input = exchange.name === 'client stream' ? events() : inputs[exchange.name]
    const seen = await follow(procedure(input, { lastEventId: p.h?.['last-event-id'] }), exchange)
    if (exchange.clientSees === undefined) expect(seen).toBeUndefined()
    else if (exchange.name === 'unknown procedure') expect(seen).toMatchObject({ code: 'NOT_FOUND', status: 404 })
    else expect(seen).toMatchObject(exchange.clientSees)
    // The reference aborts a stream that has ended already, of which it has not read the end.
    const own = socket.sent.filter((data) => !data.includes('"t":4'))
    expect(own).toEqual(recorded.filter((data) => !data.includes('"t":4')))
  }
  link.close()
})

async function* events(): AsyncGenerator<unknown, string> {
  yield 1
  yield withEventMeta({ d: new Date(0) }, { id: 'x' })
  return 'end'
}

/** The error that a call ends with, be it in its stream. */
async function follow(call: Promise<any>, { name }: Exchange): Promise<unknown> {
  try {
    const output = await call
    if (typeof output?.next !== 'function') return undefined
    if (name.includes('return()')) await output.return()
    else while (!(await output.next()).done);
    return undefined
  } catch (error) {
    return error
  }
}
