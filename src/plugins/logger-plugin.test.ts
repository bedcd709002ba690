import { describe, expect, test, vi } from 'vitest'
import { take } from '../../test/tools/probes.ts'
import { serveNode } from '../../test/tools/serve.ts'
import { createClient } from '../client/create-client.ts'
import { RPCError } from '../core/error.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { Publisher } from '../publisher/publisher.ts'
import { os } from '../server/builder.ts'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import { type CallLog, LoggerPlugin, type LogLevel } from './logger-plugin.ts'

type Line = CallLog & { readonly level: LogLevel; readonly message: string }

const log = new MemoryLog()
const publisher = new Publisher<{ a: { n: number } }>(log, { retention: { events: 2 } })
const elsewhere = new Publisher<{ a: { n: number } }>(log, { retention: { events: 2 } })
const router = {
  chat: {
    send: os.handler(() => 'sent'),
    stream: os.handler(async function* () {
      yield { n: 1 }
      yield { n: 2 }
    }),
    live: os.handler(({ signal, lastEventId }) => publisher.subscribe('a', { signal, lastEventId, onGap: 'oldest' })),
    broken: os.handler(async function* () {
      yield { n: 1 }
      throw new Error('a bug')
    }),
  },
  fail: os.handler(({ input }) => {
    throw input === 'bad' ? new RPCError('CONFLICT') : new Error('a bug')
  }),
}

async function logged(run: (client: any) => Promise<unknown>, level?: (line: CallLog) => LogLevel | undefined) {
  const lines: Line[] = []
  const at = (level: LogLevel) => (fields: object, message: string) => {
    lines.push({ ...(fields as CallLog), level, message })
  }
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const server = await serveNode(router, { plugins: [new LoggerPlugin({ logger: () => logger, level })] })
  await run(createClient(new RPCLink({ url: server.url })))
  await vi.waitFor(() => expect(lines.some((line) => line.outcome !== undefined)).toBe(level === undefined))
  await server.close()
  return lines
}

describe('LoggerPlugin', () => {
  test('writes a line for a call: what it was, how long it took, how it ended', async () => {
    const [line, ...others] = await logged((client) => client.chat.send({ secret: 'hidden' }))
    expect(others).toEqual([])
    expect(line).toEqual({
      level: 'info',
      message: 'call answered',
      path: 'chat/send',
      duration: expect.any(Number),
      outcome: 'success',
      status: 200,
    })
    expect(JSON.stringify(line)).not.toContain('hidden')
  })

  test('writes two lines for a stream: that it is open, and what it was', async () => {
    const lines = await logged(async (client) => take(await client.chat.stream(), 2).then((stream) => stream))
    expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'debug stream opened',
      expect.stringMatching(/^info stream (ended|left)$/),
    ])
    expect(lines[1]).toMatchObject({ path: 'chat/stream', status: 200, events: 2, gaps: 0 })
  })

  test('tells the caller’s mistakes from ours, and keeps what was thrown', async () => {
    const [bad] = await logged((client) => client.fail('bad').catch(() => {}))
    expect(bad).toMatchObject({ level: 'warn', message: 'call failed', status: 409, code: 'CONFLICT' })
    const [bug] = await logged((client) => client.fail().catch(() => {}))
    expect(bug).toMatchObject({ level: 'error', status: 500, code: 'INTERNAL_SERVER_ERROR' })
    expect(bug?.err).toEqual(new Error('a bug'))
  })

  test('tells of a stream that fails on its way', async () => {
    const lines = await logged(async (client) => {
      for await (const _ of await client.chat.broken().catch(() => [])) break
      const stream = await client.chat.broken()
      await stream.next()
      await stream.next().catch(() => {})
    })
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'stream failed', status: 500, events: 1 }),
    )
  })

  test('counts the gaps that a stream went on over, and says where it resumed', async () => {
    const { id: lastEventId } = await publisher.publish('a', { n: 0 })
    for (let n = 1; n < 5; n++) await elsewhere.publish('a', { n })
    const lines = await logged(async (client) => {
      const stream = await client.chat.live(undefined, { lastEventId })
      await take(stream, 2)
      await stream.return()
    })
    expect(lines.at(-1)).toMatchObject({ message: 'stream left', outcome: 'left', events: 2, gaps: 1, lastEventId })
  })

  test('writes at the level that it is told, or not at all', async () => {
    const lines = await logged(
      (client) => client.chat.send(),
      () => undefined,
    )
    expect(lines).toEqual([])
  })

  test('a logger that throws harms no call', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {})
    const failing = () => {
      throw new Error('disk full')
    }
    const logger = { debug: failing, info: failing, warn: failing, error: failing }
    const server = await serveNode(router, { plugins: [new LoggerPlugin({ logger })] })
    const client: any = createClient(new RPCLink({ url: server.url }))
    expect(await client.chat.send()).toBe('sent')
    expect(told).toHaveBeenCalledWith(new Error('disk full'))
    told.mockRestore()
    await server.close()
  })

  test('goes with pino and the console as they are', async () => {
    new LoggerPlugin({ logger: console })
    const { pino } = await import('pino')
    const written: string[] = []
    const logger = pino({}, { write: (line: string) => void written.push(line) })
    const server = await serveNode(router, { plugins: [new LoggerPlugin({ logger })] })
    const client: any = createClient(new RPCLink({ url: server.url }))
    await client.fail().catch(() => {})
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ level: 50, path: 'fail', err: { message: 'a bug' } })
    await server.close()
  })
})
