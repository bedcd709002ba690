import { expect, test, vi } from 'vitest'
import { SINGLE_CLIENTS } from '../../../test/tools/redis-clients.ts'
import { findRedisServer, RedisServer } from '../../../test/tools/redis-server.ts'
import { ScriptProcess } from '../../../test/tools/script-process.ts'
import { RedisLog } from './redis-log.ts'

type Place = readonly [id: string, event: string]

const KILLS = 3
const EACH = 300

const linesOf = ({ lines }: ScriptProcess, what: 'seen' | 'acked'): Place[] =>
  (lines as Record<string, Place>[]).flatMap((line) => (line[what] === undefined ? [] : [line[what]]))

test.skipIf(findRedisServer() === undefined).each(['always', 'everysec'])(
  'no event is lost, doubled or reordered for anybody while Redis is killed and restarted: appendfsync %s',
  async (appendfsync) => {
    const server = await RedisServer.start({ args: ['--appendonly', 'yes', '--appendfsync', appendfsync] })
    const total = EACH * 3 + 1
    const processes = Object.keys({ ...SINGLE_CLIENTS, 'node-redis ': 0 }).map(
      (kind, index) =>
        new ScriptProcess(
          'publish-through-redis.ts',
          server.url,
          kind.trim(),
          `p${index}`,
          String(EACH),
          String(total),
        ),
    )
    const connect = SINGLE_CLIENTS['node-redis'] as NonNullable<(typeof SINGLE_CLIENTS)[string]>
    const { client, close } = await connect(server)
    const log = new RedisLog(client)
    try {
      await vi.waitFor(() => expect(processes.every(({ lines }) => lines.length > 0)).toBe(true), 20_000)
      await log.append('c', [{ data: '{"json":{"event":"go"}}' }], { retention: {} })
      for (let kill = 1; kill <= KILLS; kill++) {
        const enough = (kill * EACH) / (KILLS + 1)
        await vi.waitFor(
          () => expect(processes.every((process) => linesOf(process, 'acked').length >= enough)).toBe(true),
          { timeout: 30_000, interval: 2 },
        )
        await server.restart()
      }
      expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual([0, 0, 0])

      const { records } = await log.read('c', 'start', { records: 1e6, bytes: 1e9 })
      const stored = records.map(({ data }) => JSON.parse(data).json.event as string)
      expect(records.map(({ offset }) => offset)).toEqual(Array.from({ length: total }, (_, index) => index + 1))
      expect(new Set(stored).size).toBe(total)
      const [first = [], ...others] = processes.map((process) => linesOf(process, 'seen'))
      expect(first.map(([, event]) => event)).toEqual(stored)
      for (const seen of others) expect(seen).toEqual(first)
      for (const [index, process] of processes.entries()) {
        const own = first.filter(([, event]) => event.startsWith(`p${index}/`))
        expect(own).toEqual(linesOf(process, 'acked'))
        expect(own.map(([, event]) => event)).toEqual(Array.from({ length: EACH }, (_, n) => `p${index}/${n + 1}`))
      }
    } finally {
      await Promise.all(processes.map((process) => process.kill()))
      await log.close()
      close()
      await server.stop()
    }
  },
  90_000,
)
