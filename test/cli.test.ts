import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { runCommand } from '../src/cli/run-command.ts'
import { Interruption, type Terminal } from '../src/cli/terminal.ts'
import { RPCError } from '../src/core/error.ts'
import { MemoryLog } from '../src/publisher/memory-log.ts'
import { Publisher } from '../src/publisher/publisher.ts'
import { os } from '../src/server/builder.ts'
import { RPCHandler as SocketHandler } from '../src/transport/websocket/rpc-handler.ts'
import { freePort } from './tools/free-port.ts'
import { serveNode, type TestServer } from './tools/serve.ts'

const publisher = new Publisher<any>(new MemoryLog(), { retention: { events: 1000 } })
const router = {
  math: { add: os.handler(({ input }) => (input as any).a + (input as any).b) },
  echo: os.handler(({ input }) => ({ input, at: new Date(0), big: 5n, set: new Set([1]), map: new Map([[1, 2]]) })),
  void: os.handler(() => undefined),
  fail: os.handler(() => {
    throw new RPCError('CONFLICT', { message: 'Taken', data: { by: 'me' } })
  }),
  slow: os.handler(() => sleep(60_000)),
  file: os.handler(() => new Blob([new Uint8Array([0, 255, 1])])),
  send: os.handler(({ input }) => publisher.publish('a', input)),
  live: os.handler(({ signal, lastEventId }) => publisher.subscribe('a', { signal, lastEventId, from: 'start' })),
  fresh: os.handler(({ signal, lastEventId }) => publisher.subscribe('a', { signal, lastEventId })),
  forgetful: os.handler(({ signal }) => publisher.subscribe('a', { signal })),
  count: os.handler(async function* ({ input }) {
    for (let n = 0; n < ((input as number) ?? 3); n++) yield { n }
    return 'the end'
  }),
}

let server: TestServer
let sockets: string
const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'headwater-cli-'))

beforeAll(async () => {
  server = await serveNode(router)
  const handler = new SocketHandler(router)
  const listener = new WebSocketServer({ server: server.server })
  listener.on('connection', (socket) => handler.upgrade(socket))
  sockets = server.url.replace('http', 'ws')
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await publisher.close()
  await server.close()
})

interface Run {
  readonly code: Promise<number>
  readonly output: string[]
  readonly notes: string[]
  end(): void
}

function start(args: readonly string[], input = ''): Run {
  const left = new AbortController()
  const output: string[] = []
  const notes: string[] = []
  const terminal: Terminal = {
    read: async () => input,
    write: async (data) => void output.push(typeof data === 'string' ? data : Buffer.from(data).toString('hex')),
    note: (line) => void notes.push(line),
    progress: undefined,
    signal: left.signal,
  }
  return { code: runCommand(args, terminal), output, notes, end: () => left.abort(new Interruption(130)) }
}

async function run(args: readonly string[], input?: string): Promise<{ code: number; output: string; notes: string }> {
  const { code, output, notes } = start(args, input)
  return { code: await code, output: output.join(''), notes: notes.join('\n') }
}

describe('headwater call', () => {
  test('prints an answer as JSON, over HTTP and WebSocket alike', async () => {
    for (const url of [server.url, sockets]) {
      expect(await run(['call', url, 'math.add', '{"a":1,"b":2}'])).toEqual({ code: 0, output: '3\n', notes: '' })
      expect(await run(['call', url, 'math/add', '-'], '{"a":1,"b":3}')).toMatchObject({ code: 0, output: '4\n' })
    }
  })

  test('prints what JSON lacks, on one line for programs; nothing for nothing; files as they are', async () => {
    const { output } = await run(['call', server.url, 'echo', '[1]', '--json'])
    expect(output).toBe('{"input":[1],"at":"1970-01-01T00:00:00.000Z","big":"5","set":[1],"map":[[1,2]]}\n')
    expect(await run(['call', server.url, 'void'])).toEqual({ code: 0, output: '', notes: '' })
    expect(await run(['call', server.url, 'file'])).toMatchObject({ code: 0, output: '00ff01' })
  })

  test('reads its input from a file', async () => {
    const file = join(folder, 'input.json')
    writeFileSync(file, '{"a":2,"b":2}')
    expect(await run(['call', server.url, 'math.add', `@${file}`])).toMatchObject({ output: '4\n' })
    expect(await run(['call', server.url, 'math.add', '@/none'])).toMatchObject({ code: 2 })
  })

  test('ends with 1 and the error where the server answers with one', async () => {
    const { code, notes } = await run(['call', server.url, 'fail'])
    expect(code).toBe(1)
    expect(notes).toBe('headwater: CONFLICT (409): Taken\n{\n  "by": "me"\n}')
    const { notes: json } = await run(['call', sockets, 'fail', '--json'])
    expect(JSON.parse(json)).toMatchObject({ error: { code: 'CONFLICT', status: 409, data: { by: 'me' } } })
  })

  test('ends with 2 where it is used wrongly, and says what is wrong', async () => {
    const wrong: readonly (readonly [args: readonly string[], note: RegExp])[] = [
      [['call'], /a url missing/],
      [['call', server.url], /a procedure missing/],
      [['call', server.url, 'math.add', '{'], /no JSON/],
      [['call', server.url, 'math.add', '1', '2'], /too many: 2/],
      [['call', 'localhost:3000', 'a'], /begin with http/],
      [['call', server.url, 'a..b'], /like chat.send/],
      [['call', server.url, 'a', '--nope'], /--nope/],
      [['call', server.url, 'a', '-H', 'nothing'], /--header/],
      [['call', server.url, 'a', '--timeout', 'soon'], /--timeout/],
      [['call', server.url, 'count'], /headwater tail/],
      [['tail', server.url, 'count', '--limit', '0'], /--limit/],
      [['tail', server.url, 'count', '--on-gap', 'cry'], /fail, oldest, now/],
      [['faults', server.url, 'live', '--faults', 'fire'], /cut, reset/],
      [['dance'], /no command dance/],
      [[], /Usage/],
    ]
    for (const [args, note] of wrong) {
      const { code, notes } = await run(args)
      expect([args, code, notes]).toEqual([args, 2, expect.stringMatching(note)])
    }
  })

  test('ends with 3 where nobody answers, or not in time', async () => {
    const port = await freePort()
    for (const protocol of ['http', 'ws']) {
      const { code, notes } = await run(['call', `${protocol}://127.0.0.1:${port}`, 'a'])
      expect([code, notes]).toEqual([3, expect.stringContaining('ECONNREFUSED')])
    }
    expect(await run(['call', sockets, 'slow', '--timeout', '50ms'])).toMatchObject({ code: 3 })
  })

  test('sends headers, over both', async () => {
    const seen: (string | undefined)[] = []
    const own = await serveNode(
      { who: os.handler(() => 'me') },
      {
        interceptors: [
          ({ request, next }) => {
            seen.push(request.header('authorization'))
            return next()
          },
        ],
      },
    )
    await run(['call', own.url, 'who', '-H', 'Authorization: Bearer abc'])
    expect(seen).toEqual(['Bearer abc'])
    await own.close()
  })
})

describe('headwater tail', () => {
  test('prints events behind their ids, goes on after one, and ends where it is told', async () => {
    const ids: string[] = []
    for (let n = 0; n < 4; n++) ids.push((await publisher.publish('a', { n })).id)
    for (const url of [server.url, sockets]) {
      const { code, output } = await run(['tail', url, 'live', '--last-event-id', ids[1] ?? '', '-n', '2', '-q'])
      expect([code, output]).toEqual([0, `${ids[2]}  {"n":2}\n${ids[3]}  {"n":3}\n`])
    }
    const { output } = await run(['tail', server.url, 'live', '-n', '1', '--json'])
    expect(JSON.parse(output)).toEqual({ id: ids[0], event: { n: 0 } })
  })

  test('goes on over cuts, and says so', async () => {
    const place = await publisher.head('a')
    const { code, output, notes } = start(['tail', server.url, 'live', '--last-event-id', place, '-n', '3', '--json'])
    for (let n = 0; n < 3; n++) {
      await publisher.publish('a', { cut: n })
      await vi.waitFor(() => expect(output).toHaveLength(n + 1))
      if (n < 2) server.server.closeAllConnections()
    }
    expect(await code).toBe(0)
    expect(output.map((line) => JSON.parse(line).event)).toEqual([{ cut: 0 }, { cut: 1 }, { cut: 2 }])
    const states = notes.map((line) => JSON.parse(line).state.status)
    expect(states).toEqual(['open', 'waiting', 'open', 'waiting', 'open'])
  })

  test('ends with a stream that ends, and shows its value', async () => {
    const { code, output, notes } = await run(['tail', server.url, 'count', '2'])
    expect([code, output, notes]).toEqual([0, '-  {"n":0}\n-  {"n":1}\n', 'open\nended with "the end"'])
    const { output: json } = await run(['tail', server.url, 'count', '1', '--json', '-q'])
    expect(json).toBe('{"event":{"n":0}}\n{"done":"the end"}\n')
  })

  test('tells of a gap and ends with 4, or goes on where it is told to', async () => {
    const { id } = await publisher.publish('a', { n: 'last' })
    const lost = id.replace(/^[^:]*/, 'elsewhere')
    const failed = await run(['tail', server.url, 'live', '--last-event-id', lost])
    expect(failed).toMatchObject({ code: 4, output: '', notes: expect.stringContaining('gap (epoch) after elsewhere') })
    const going = await run(['tail', server.url, 'live', '--last-event-id', lost, '--on-gap', 'oldest', '-n', '1'])
    expect(going).toMatchObject({ code: 0, notes: expect.stringContaining('gap (epoch)') })
    const now = start(['tail', server.url, 'live', '--last-event-id', lost, '--on-gap', 'now', '-n', '1', '--json'])
    await vi.waitFor(() => expect(now.notes.join()).toContain('"open"'))
    await publisher.publish('a', { n: 'new' })
    expect([await now.code, JSON.parse(now.output[0] ?? '')]).toMatchObject([0, { event: { n: 'new' } }])
  })

  test('prints what is no stream, too, and says that it is none', async () => {
    const { code, output, notes } = await run(['tail', server.url, 'math.add', '{"a":1,"b":1}'])
    expect([code, output, notes]).toEqual([0, '2\n', 'math.add is no stream: headwater call calls it'])
  })

  test('leaves the stream when it is interrupted', async () => {
    for (const url of [server.url, sockets]) {
      const { code, notes, end } = start(['tail', url, 'fresh'])
      await vi.waitFor(() => expect(notes).toContain('open'))
      end()
      expect(await code).toBe(130)
      await vi.waitFor(() => expect(publisher.stats().subscribers).toBe(0))
    }
  })
})

describe('headwater bench', () => {
  test('counts calls and their times, at a rate, over several connections', async () => {
    const args = ['math.add', '{"a":1,"b":2}', '--json', '-n', '30', '-c', '3']
    for (const more of [[server.url], [sockets, '--connections', '2', '--rate', '500']]) {
      const { code, output } = await run(['bench', more[0] ?? '', ...args, ...more.slice(1)])
      expect(code).toBe(0)
      expect(JSON.parse(output)).toMatchObject({ calls: 30, errors: {}, latency: { p50: expect.any(Number) } })
    }
  })

  test('counts errors by their codes, and ends with 1', async () => {
    let count = 0
    const flaky = os.handler(() => {
      if (count++ % 2 === 1) throw new RPCError('CONFLICT')
    })
    const own = await serveNode({ flaky })
    const { code, output } = await run(['bench', own.url, 'flaky', '--json', '-n', '10', '-c', '1'])
    expect([code, JSON.parse(output)]).toMatchObject([1, { calls: 5, errors: { CONFLICT: 5 } }])
    await own.close()
  })

  test('counts the events of streams', async () => {
    const args = ['fresh', '--json', '-c', '4', '--warmup', '0', '-d', '600ms']
    const { code, output } = start(['bench', server.url, ...args])
    const publishing = setInterval(() => void publisher.publish('a', { n: 1 }), 5)
    expect(await code).toBe(0)
    clearInterval(publishing)
    const { events, streams } = JSON.parse(output[0] ?? '')
    expect(streams).toBe(4)
    expect(events).toBeGreaterThan(4)
    expect(events % 4).toBeLessThanOrEqual(3)
  })

  test('reports what it has when it is interrupted', async () => {
    const { code, output, end } = start(['bench', server.url, 'math.add', '{"a":1,"b":2}', '-d', '1h', '--warmup', '0'])
    await sleep(300)
    end()
    expect(await code).toBe(130)
    expect(output.join('')).toMatch(/^calls +\d+/)
  })
})

describe('headwater faults', () => {
  const quick = [
    '-d',
    '1500ms',
    '--every',
    '200ms',
    '--lasting',
    '100ms',
    '--rate',
    '100',
    '--seed',
    '7',
    '--json',
    '-q',
  ]
  const sending = ['--send', 'send', '--send-input', '{"n":{n}}']

  test.each(['HTTP', 'WebSocket'])('finds nothing missing from a stream that resumes, over %s', async (transport) => {
    const url = transport === 'HTTP' ? server.url : sockets
    const { code, output } = await run(['faults', url, 'fresh', ...sending, ...quick])
    const report = JSON.parse(output)
    expect(report).toMatchObject({ lost: [], repeated: [], disordered: [] })
    expect(report.cuts).toBeGreaterThan(0)
    expect(report.expected).toBeGreaterThan(10)
    expect(code).toBe(0)
  })

  test('finds what a stream loses whose handler does not look at lastEventId', async () => {
    const { code, output } = await run(['faults', server.url, 'forgetful', ...sending, ...quick])
    expect(JSON.parse(output).lost.length).toBeGreaterThan(0)
    expect(code).toBe(4)
  })

  test('says that nothing was tested where nothing happens', async () => {
    const { code, notes } = await run(['faults', server.url, 'fresh', '-d', '200ms', '--every', '50ms', '-q'])
    expect([code, notes]).toEqual([1, expect.stringContaining('no events')])
  })
})

describe('headwater inspect', () => {
  test('says what is missing where a server tells nothing of itself', async () => {
    expect(await run(['inspect', server.url])).toMatchObject({
      code: 1,
      notes: expect.stringContaining('InspectorPlugin'),
    })
    expect(await run(['inspect', `http://127.0.0.1:${await freePort()}`])).toMatchObject({ code: 3 })
  })

  test('lists procedures, channels and streams as an inspector tells of them', async () => {
    const inspect = os.handler(() => ({
      title: 'Chat',
      procedures: [
        { path: ['chat', 'stream'], route: 'POST /chat/stream', isStream: true, input: { properties: { roomId: {} } } },
      ],
    }))
    const samples = os.handler(async function* () {
      const channels = [{ channel: 'room:7', subscribers: 2, lag: 1, head: 'x:1:y' }]
      yield { publishers: [{ name: 'chat', channels }], connections: [], streams: [{}] }
    })
    const own = await serveNode({ inspector: { data: { inspect, samples } } })
    const { code, output } = await run(['inspect', own.url])
    expect([code, output.split('\n')]).toEqual([
      0,
      [
        `Chat: ${own.url}/inspector`,
        '',
        'chat.stream  stream  { roomId }  POST /chat/stream',
        '',
        '0 connections, 1 stream open',
        'chat room:7  2 subscribers  lag 1  head x:1:y',
        '',
      ],
    ])
    await own.close()
  })

  test('says that an inspector lets nobody in', async () => {
    const inspect = os.handler(() => {
      throw new RPCError('FORBIDDEN')
    })
    const own = await serveNode({ inspector: { data: { inspect } } })
    expect(await run(['inspect', own.url])).toMatchObject({ code: 1, notes: expect.stringContaining('let you in') })
    await own.close()
  })
})

test('every command has a help that names its exit codes', async () => {
  for (const name of ['call', 'tail', 'bench', 'faults', 'inspect']) {
    const { code, output } = await run([name, '--help'])
    expect(code).toBe(0)
    expect(output).toMatch(new RegExp(`^Usage: headwater ${name} [^]*Exit codes: 0`))
    expect((await run(['help', name])).output).toBe(output)
    expect(Math.max(...output.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120)
  }
  expect((await run(['--version'])).output).toMatch(/^\d+\.\d+\.\d+/)
})

describe('as a process', () => {
  let child: ChildProcess | undefined

  afterEach(() => void child?.kill('SIGKILL'))

  function spawnCLI(...args: readonly string[]): ChildProcess {
    child = spawn(process.execPath, [join(root, 'bin/headwater.mjs'), ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    return child
  }

  const exitOf = (process: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => process.once('exit', resolve))

  test('it reads the standard input and ends by itself', async () => {
    const { stdin, stdout } = spawnCLI('call', server.url, 'math.add', '-')
    stdin?.end('{"a":20,"b":22}')
    expect(stdout && (await text(stdout))).toBe('42\n')
  })

  test('it ends quietly when nobody reads what it writes', async () => {
    const process = spawnCLI('tail', server.url, 'count', '100000', '-q')
    const errors = process.stderr && text(process.stderr)
    process.stdout?.once('data', () => process.stdout?.destroy())
    expect(await exitOf(process)).toBe(0)
    expect(await errors).toBe('')
  })

  test('Ctrl-C ends it with 130', async () => {
    const process = spawnCLI('tail', server.url, 'fresh')
    await new Promise((resolve) => process.stderr?.once('data', resolve))
    process.kill('SIGINT')
    expect(await exitOf(process)).toBe(130)
  })
})
