import type { IncomingMessage, ServerResponse } from 'node:http'
import { consumeEventIterator, createClient, type Link } from 'headwater/client'
import { RPCLink } from 'headwater/client/fetch'
import { type ContractRouterClient, type EventIterator, eventIterator, oc, type } from 'headwater/contract'
import { Presence, Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { batchEvents, call, createRouterClient, EventPublisher, os, RPCError, withEventMeta } from 'headwater/server'
import { RPCHandler } from 'headwater/server/node'
import { test } from 'vitest'
import { z } from 'zod'

/** Under exactOptionalPropertyTypes an optional member refuses `undefined` unless its type says so. */
const procedure = os.handler(() => 1)
const contract = { ping: oc, context: oc.input(z.object({ a: z.string() })) }

test('the options of a call accept undefined', () => {
  const client: ContractRouterClient<typeof contract, { token?: string }> = createClient({} as Link)
  client.ping(undefined, undefined)
  client.ping(undefined, {
    signal: undefined,
    lastEventId: undefined,
    onConnectionState: undefined,
    onGap: undefined,
    resume: undefined,
    context: undefined,
  })
  const authed: ContractRouterClient<typeof contract, { token: string }> = createClient({} as Link)
  authed.ping(undefined, {
    signal: undefined,
    lastEventId: undefined,
    onConnectionState: undefined,
    onGap: undefined,
    resume: undefined,
    context: { token: 't' },
  })
})

test('the options of a link accept undefined', () => {
  new RPCLink({
    url: '/rpc',
    headers: undefined,
    fetch: undefined,
    resume: undefined,
    onGap: undefined,
    backoff: undefined,
    silenceTimeout: undefined,
    customSerializers: undefined,
  })
  new RPCLink({
    url: '/rpc',
    headers: { authorization: undefined },
    backoff: { initialDelay: undefined, maxDelay: undefined, random: undefined },
  })
})

test('the options of consuming a stream accept undefined', async () => {
  const stream = {} as EventIterator<number, string>
  consumeEventIterator(stream, { onEvent: () => {}, onError: undefined, onSuccess: undefined, onFinish: undefined })
  consumeEventIterator(stream, { onEvent: () => {}, onSuccess: (end: string | undefined) => end })
  await stream.return(undefined)
})

test('the description of a procedure accepts undefined', () => {
  const route = {
    method: undefined,
    path: undefined,
    summary: undefined,
    description: undefined,
    tags: undefined,
    operationId: undefined,
    deprecated: undefined,
    successStatus: undefined,
    successDescription: undefined,
    inputStructure: undefined,
    outputStructure: undefined,
  }
  oc.route(route)
  os.route(route)
  eventIterator(z.number(), undefined)
  type<string>(undefined)
})

test('the description and the options of an error accept undefined', () => {
  const declared = { GONE: { status: undefined, message: undefined, data: undefined } }
  oc.errors(declared)
  os.errors({ ...declared, TAKEN: { data: z.string() }, LATE: { data: z.number().optional() } }).handler(
    ({ errors }) => {
      errors.GONE(undefined)
      errors.GONE({ message: undefined, data: undefined, cause: undefined })
      errors.TAKEN({ message: undefined, data: 'me', cause: undefined })
      errors.LATE({ message: undefined, data: undefined, cause: undefined })
    },
  )
  new RPCError('GONE', undefined)
  new RPCError('GONE', {
    status: undefined,
    message: undefined,
    data: undefined,
    cause: undefined,
    defined: undefined,
  })
})

test('the options of calls in this process accept undefined', () => {
  call(procedure, undefined, undefined)
  call(procedure, undefined, { context: undefined, signal: undefined, lastEventId: undefined })
  procedure.callable(undefined)
  procedure.callable({ context: undefined })
  createRouterClient({ procedure }, undefined)
  createRouterClient({ procedure }, { context: undefined })
  const bound = os.$context<{ db: string }>().handler(() => 1)
  call(bound, undefined, { context: { db: 'pg' }, signal: undefined, lastEventId: undefined })
})

test('the options of a handler accept undefined', () => {
  const handler = new RPCHandler({ procedure }, undefined)
  new RPCHandler(
    { procedure },
    { interceptors: undefined, heartbeat: undefined, maxBodySize: undefined, customSerializers: undefined },
  )
  handler.handle({} as IncomingMessage, {} as ServerResponse, undefined)
  handler.handle({} as IncomingMessage, {} as ServerResponse, { prefix: undefined, context: undefined })
  const bound = new RPCHandler({ procedure: os.$context<{ db: string }>().handler(() => 1) })
  bound.handle({} as IncomingMessage, {} as ServerResponse, { prefix: undefined, context: { db: 'pg' } })
})

test('the meta of an event accepts undefined', () => {
  withEventMeta({ text: 'hi' }, { id: undefined, retry: undefined, comments: undefined })
})

test('the options of publishers and logs accept undefined', () => {
  const events = new EventPublisher<{ tick: number }>(undefined)
  new EventPublisher({ maxBufferedEvents: undefined, onError: undefined })
  events.subscribe('tick', undefined)
  events.subscribe('tick', { signal: undefined })
  new MemoryLog(undefined)
  const log = new MemoryLog({ idempotencySeconds: undefined, forgetSeconds: undefined, now: undefined })
  new Publisher<{ tick: number }>(log, undefined)
  const publisher = new Publisher<{ tick: number }>(log, {
    retention: undefined,
    channels: undefined,
    customSerializers: undefined,
    onError: undefined,
    heartbeat: undefined,
    timeout: undefined,
  })
  new Publisher<{ tick: number }>(log, { channels: { tick: undefined } })
  new Publisher<{ tick: number }>(log, { channels: { tick: { retention: undefined, schema: undefined } } })
  new Presence(log, undefined)
  new Presence(log, { ttl: undefined, onError: undefined })
  batchEvents(publisher.subscribe('tick'), { size: undefined, within: undefined })
  new Publisher<{ tick: number }>(log, { retention: { seconds: undefined, events: undefined } })
  publisher.publish('tick', 1, undefined)
  publisher.publish('tick', 1, { idempotencyKey: undefined, transaction: undefined })
  publisher.publishAll('tick', [1], undefined)
  publisher.subscribe('tick', () => {}, { onError: undefined })
  publisher.subscribe(['tick'], { resume: undefined })
  publisher.subscribe('tick', undefined)
  publisher.subscribe('tick', { signal: undefined, lastEventId: undefined, from: undefined, onGap: undefined })
  publisher.subscribe('tick', { latest: undefined, authorize: undefined })
})
