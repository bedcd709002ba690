import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { createClient } from '../src/client/create-client.ts'
import type { Link } from '../src/client/link.ts'
import { RPCError } from '../src/core/error.ts'
import { OpenTelemetryHandlerPlugin } from '../src/opentelemetry/handler-plugin.ts'
import { OpenTelemetryLinkPlugin } from '../src/opentelemetry/link-plugin.ts'
import { measurePublisher } from '../src/opentelemetry/measure-publisher.ts'
import { observePublisher } from '../src/opentelemetry/observe-publisher.ts'
import { BatchHandlerPlugin } from '../src/plugins/batch/batch-handler-plugin.ts'
import { BatchLinkPlugin } from '../src/plugins/batch/batch-link-plugin.ts'
import { DedupeRequestsPlugin } from '../src/plugins/dedupe-requests-plugin.ts'
import { MemoryLog } from '../src/publisher/memory-log.ts'
import { Publisher } from '../src/publisher/publisher.ts'
import { os } from '../src/server/builder.ts'
import { RPCLink } from '../src/transport/fetch/rpc-link.ts'
import { RPCHandler as SocketHandler } from '../src/transport/websocket/rpc-handler.ts'
import { RPCLink as SocketLink } from '../src/transport/websocket/rpc-link.ts'
import { rejection, take } from './tools/probes.ts'
import { listen, serveNode, type TestServer } from './tools/serve.ts'

type Item = { readonly n: number }

const spans = new InMemorySpanExporter()
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const meterProvider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 })],
})
const providers = { tracerProvider, meterProvider }

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
})
afterAll(async () => {
  context.disable()
  propagation.disable()
  await meterProvider.shutdown()
})

let publisher: Publisher<Record<string, Item>>
let releases: (() => unknown)[]
let handlerPlugin: OpenTelemetryHandlerPlugin
let linkPlugin: OpenTelemetryLinkPlugin

beforeEach(() => {
  spans.reset()
  publisher = new Publisher(new MemoryLog(), { retention: { events: 1000 }, observe: observePublisher(providers) })
  releases = [() => publisher.close()]
  handlerPlugin = new OpenTelemetryHandlerPlugin(providers)
  linkPlugin = new OpenTelemetryLinkPlugin(providers)
})
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

const router = {
  inner: os.handler(() => {
    tracerProvider.getTracer('app').startSpan('query').end()
    return 'done'
  }),
  fail: os.handler(({ input }) => {
    throw input === 'bad' ? new RPCError('CONFLICT') : new TypeError('a bug')
  }),
  generated: os.handler(async function* () {
    for (let n = 0; n < 3; n++) {
      tracerProvider.getTracer('app').startSpan('query').end()
      yield { n }
    }
  }),
  live: os.handler(({ signal, lastEventId }) =>
    publisher.subscribe('a', { signal, lastEventId, from: 'start', onGap: 'oldest' }),
  ),
}

async function serveHTTP(plugins: readonly object[] = [handlerPlugin]): Promise<TestServer> {
  const server = await serveNode(router, { plugins, heartbeat: 5 })
  releases.push(() => server.close())
  return server
}

const backoff = { initialDelay: 1, maxDelay: 3 }

const transports: Record<string, () => Promise<Link>> = {
  HTTP: async () => new RPCLink({ url: (await serveHTTP()).url, plugins: [linkPlugin], backoff }),
  WebSocket: async () => {
    const handler = new SocketHandler(router, { plugins: [handlerPlugin], heartbeat: 5 })
    const server = await listen((_, response) => response.end())
    const sockets = new WebSocketServer({ server: server.server })
    sockets.on('connection', (socket) => handler.upgrade(socket))
    const url = server.url.replace('http', 'ws')
    const link = new SocketLink({
      connect: () => new WebSocket(url, ['headwater.1']),
      plugins: [linkPlugin],
      backoff,
    })
    releases.push(() => server.close())
    releases.push(() => link.close())
    return link
  },
}

function named(name: string, kind: number): ReadableSpan[] {
  return spans.getFinishedSpans().filter((span) => span.name === name && span.kind === kind)
}
const [INTERNAL, SERVER, CLIENT] = [0, 1, 2]

/** The spans of a name and kind, once there are as many. */
async function finished(name: string, kind: number, count = 1): Promise<ReadableSpan[]> {
  await vi.waitFor(() => expect(named(name, kind)).toHaveLength(count))
  return named(name, kind)
}

function idsOf(span: ReadableSpan | undefined): { trace: string | undefined; parent: string | undefined } {
  return { trace: span?.spanContext().traceId, parent: span?.parentSpanContext?.spanId }
}

describe.each(Object.entries(transports))('spans over %s', (_, open) => {
  test("a call's server stands behind its client, and what the handler does behind the server", async () => {
    const client: any = createClient(await open())
    const root = tracerProvider.getTracer('app').startSpan('page')
    await context.with(trace.setSpan(context.active(), root), () => client.inner())
    const [called] = await finished('inner', CLIENT)
    const [served] = await finished('inner', SERVER)
    const [query] = await finished('query', INTERNAL)
    const traceId = root.spanContext().traceId
    expect(idsOf(called)).toEqual({ trace: traceId, parent: root.spanContext().spanId })
    expect(idsOf(served)).toEqual({ trace: traceId, parent: called?.spanContext().spanId })
    expect(idsOf(query)).toEqual({ trace: traceId, parent: served?.spanContext().spanId })
    expect(served?.attributes).toMatchObject({
      'rpc.system.name': 'headwater',
      'rpc.method': 'inner',
      'headwater.outcome': 'success',
    })
  })

  test('an error is that of the side which is to blame', async () => {
    const client: any = createClient(await open())
    await rejection(client.fail('bad'))
    const [served] = await finished('fail', SERVER)
    const [called] = await finished('fail', CLIENT)
    expect(served?.status.code).toBe(0)
    expect(called?.status.code).toBe(2)
    expect(served?.attributes).toMatchObject({ 'error.type': 'CONFLICT', 'headwater.outcome': 'error' })
    spans.reset()
    await rejection(client.fail())
    const [broken] = await finished('fail', SERVER)
    expect(broken?.status.code).toBe(2)
    expect(broken?.attributes).toMatchObject({
      'error.type': 'TypeError',
      'rpc.response.status_code': 'INTERNAL_SERVER_ERROR',
    })
  })

  test("a stream's span lasts to its end, and its generator runs in it", async () => {
    const client: any = createClient(await open())
    const seen: Item[] = []
    for await (const item of await client.generated()) seen.push(item)
    const [served] = await finished('generated', SERVER)
    const [called] = await finished('generated', CLIENT)
    const queries = await finished('query', INTERNAL, 3)
    expect(seen).toHaveLength(3)
    expect(served?.attributes).toMatchObject({ 'headwater.stream.events': 3, 'headwater.outcome': 'success' })
    expect(called?.attributes).toMatchObject({ 'headwater.stream.events': 3, 'headwater.requests': 1 })
    for (const query of queries) expect(idsOf(query).parent).toBe(served?.spanContext().spanId)
  })

  test('who leaves a stream has made no error', async () => {
    const client: any = createClient(await open())
    await publisher.publish('a', { n: 1 })
    const stream = await client.live()
    await take(stream, 1)
    expect(named('live', SERVER)).toEqual([])
    await stream.return()
    for (const kind of [SERVER, CLIENT]) {
      const [span] = await finished('live', kind ?? 0)
      expect(span?.attributes).toMatchObject({ 'headwater.outcome': 'left', 'headwater.stream.events': 1 })
      expect(span?.status.code).toBe(0)
    }
  })
})

test('a stream that resumes is one call of its client, and as many of the server as it took', async () => {
  const server = await serveHTTP()
  const client: any = createClient(new RPCLink({ url: server.url, plugins: [linkPlugin], backoff }))
  const stream = await client.live()
  for (let n = 0; n < 3; n++) {
    await publisher.publish('a', { n })
    expect(await take(stream, 1)).toEqual([{ n }])
    if (n < 2) server.server.closeAllConnections()
  }
  await stream.return()
  const served = await finished('live', SERVER, 3)
  const [called] = await finished('live', CLIENT)
  expect(called?.attributes).toMatchObject({ 'headwater.requests': 3, 'headwater.stream.events': 3 })
  expect(called?.events.map(({ name }) => name)).toEqual([
    'headwater.opened',
    'headwater.reconnect',
    'headwater.reconnect',
  ])
  expect(new Set(served.map((span) => idsOf(span).parent))).toEqual(new Set([called?.spanContext().spanId]))
  expect(served.filter(({ attributes }) => attributes['headwater.last_event_id'] !== undefined)).toHaveLength(2)
})

test('calls in a batch keep their own spans, and equal calls are still made once', async () => {
  const server = await serveHTTP([new BatchHandlerPlugin(), handlerPlugin])
  const all = { groups: [{ condition: () => true, context: {} }] }
  const batching: any = createClient(
    new RPCLink({ url: server.url, plugins: [linkPlugin, new BatchLinkPlugin(all) as object] }),
  )
  await Promise.all([batching.inner(1), batching.inner(2)])
  const served = await finished('inner', SERVER, 2)
  const called = await finished('inner', CLIENT, 2)
  expect(new Set(served.map((span) => idsOf(span).parent))).toEqual(
    new Set(called.map((span) => span.spanContext().spanId)),
  )
  spans.reset()
  const dedupe = new DedupeRequestsPlugin({ ...all, filter: () => true }) as object
  const deduping: any = createClient(new RPCLink({ url: server.url, plugins: [linkPlugin, dedupe] }))
  await Promise.all([deduping.inner(), deduping.inner()])
  await finished('inner', CLIENT, 2)
  expect(named('inner', SERVER)).toHaveLength(1)
})

/** All that is measured now: names with attributes, as `name{key=value}`. */
async function measured(): Promise<Record<string, any>> {
  exporter.reset()
  await meterProvider.forceFlush()
  const points: Record<string, any> = {}
  for (const { scopeMetrics } of exporter.getMetrics()) {
    for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      for (const { attributes, value } of dataPoints as DataPoint<any>[]) {
        const shown = Object.entries(attributes).map(([key, value]) => `${key}=${value}`)
        points[`${descriptor.name}{${shown.join()}}`] = value
      }
    }
  }
  return points
}

test('O5: what is measured is what subscribers and publishers have counted for themselves', async () => {
  const meters = { meterProvider, attributes: { log: 'o5' } }
  const log = new MemoryLog()
  const plugged = new OpenTelemetryHandlerPlugin(providers)
  const counted = new Publisher<Record<string, Item>>(log, { retention: { events: 40 } })
  const elsewhere = new Publisher<Record<string, Item>>(log, { retention: { events: 40 } })
  releases.push(() => counted.close())
  releases.push(() => elsewhere.close())
  const stop = measurePublisher(counted, meters)
  const o5 = os.handler(({ input, signal, lastEventId }) =>
    counted.subscribe('a', { signal, lastEventId, from: 'start', onGap: input === 'on' ? 'oldest' : 'fail' }),
  )
  const server = await serveNode({ o5 }, { plugins: [plugged], heartbeat: 5 })
  releases.push(() => server.close())
  const client: any = createClient(new RPCLink({ url: server.url, backoff }))

  // The checker's own books: what callers were answered and what readers got, cuts and gaps included.
  const seen = { published: 0, duplicates: 0, delivered: 0, gaps: 0, passed: 0 }
  const publish = async (n: number, idempotencyKey?: string): Promise<string> => {
    const { id, duplicate } = await counted.publish('a', { n }, { idempotencyKey })
    if (duplicate) seen.duplicates++
    else seen.published++
    return id
  }
  const nobodyIsLeft = (): Promise<void> => vi.waitFor(() => expect(counted.stats().subscribers).toBe(0))
  const first = await publish(0)
  const streams = await Promise.all([client.o5(), client.o5(), client.o5()])
  const read = async (n: number): Promise<void> => {
    for (const stream of streams) {
      expect(await take(stream, 1)).toEqual([{ n }])
      seen.delivered++
    }
  }
  await read(0)
  for (let n = 1; n <= 30; n++) {
    await publish(n, `key ${n}`)
    if (n % 10 === 0) await publish(n, `key ${n}`)
    await read(n)
    if (n % 12 !== 0) continue
    server.server.closeAllConnections()
    // What is handed out into a dead socket is delivered, as far as a server knows.
    await nobodyIsLeft()
  }
  for (let n = 31; n <= 60; n++) await publish(n)
  for (let n = 31; n <= 60; n++) await read(n)
  const lastEventId = first.replace(/^[^:]*/, 'elsewhere')
  const failing = await rejection(client.o5(undefined, { lastEventId }).then((stream: any) => stream.next()))
  if (failing.code === 'EVENT_GAP') seen.gaps++
  const onGap = (): void => {
    seen.gaps++
    seen.passed++
  }
  const going = await client.o5('on', { lastEventId, onGap })
  for (let n = 0; n < 60; seen.delivered++) n = (await take<Item>(going, 1))[0]?.n ?? 60
  for (const stream of [...streams, going]) await stream.return()
  await nobodyIsLeft()
  await elsewhere.publish('a', { n: -1 })

  const points = await measured()
  const of = (name: string, more = ''): number => points[`headwater.publisher.${name}{log=o5${more}}`]
  expect({
    published: of('published'),
    duplicates: of('duplicates'),
    delivered: of('delivered'),
    gaps: of('gaps', ',headwater.gap.reason=epoch'),
    passed: of('passed_gaps'),
  }).toEqual(seen)
  // Each reader resumed at each cut, and one went on over the gap.
  expect(of('resumes')).toBe(3 * 2 + 1)
  expect([of('subscribers'), of('lag')]).toEqual([0, 0])
  expect(of('buffered', ',headwater.buffer=live')).toBe(counted.stats().tailBytes)
  const method = 'rpc.system.name=headwater,rpc.method=o5'
  expect(points[`headwater.server.stream.events{${method}}`]).toBe(seen.delivered)
  expect(points[`headwater.server.streams{${method}}`]).toBe(0)
  expect(points[`headwater.server.stream.gaps{${method},headwater.gap.reason=epoch}`]).toBe(seen.passed)

  stop()
  const before = of('published')
  await counted.publish('a', { n: -2 })
  const after = (await measured())['headwater.publisher.published{log=o5}']
  expect(after ?? before).toBe(before)
})

test('lag is measured while somebody is behind, and appends by their duration', async () => {
  const stop = measurePublisher(publisher, { meterProvider, attributes: { log: 'lag' } })
  const slow = publisher.subscribe('lag')
  await slow.ready
  for (let n = 0; n < 7; n++) await publisher.publish('lag', { n })
  await take(slow, 2)
  const points = await measured()
  expect(points['headwater.publisher.lag{log=lag}']).toBe(5)
  expect(points['headwater.publisher.append.duration{}'].count).toBeGreaterThanOrEqual(7)
  await slow.return()
  stop()
})

test('calls are measured in seconds, by method and error', async () => {
  const client: any = createClient(new RPCLink({ url: (await serveHTTP()).url, plugins: [linkPlugin] }))
  const before = await measured()
  for (let count = 0; count < 5; count++) await client.inner()
  await rejection(client.fail('bad'))
  const points = await measured()
  const grown = (name: string): number => points[name].count - (before[name]?.count ?? 0)
  const method = 'rpc.system.name=headwater,rpc.method='
  expect(grown(`rpc.server.call.duration{${method}inner}`)).toBe(5)
  expect(grown(`rpc.client.call.duration{${method}inner}`)).toBe(5)
  const failed = `{${method}fail,error.type=CONFLICT,rpc.response.status_code=CONFLICT}`
  expect(grown(`rpc.server.call.duration${failed}`)).toBe(1)
  expect(points[`rpc.server.call.duration${failed}`].sum).toBeLessThan(10)
})
