import { Redis } from 'ioredis'
import { RedisServer } from '../../test/tools/redis-server.ts'
import { measureInRounds } from '../tools/rounds.ts'
import { formatNumber, median } from '../tools/statistics.ts'
import { formatTable } from '../tools/table.ts'
import type { Driven } from './drive.ts'
import { PEERS } from './peers.ts'
import { middle, type Settings, startDriven } from './settings.ts'

interface PeerFigures {
  readonly alone: Driven
  readonly many: Driven
  /** Of Redis, for each event. */
  readonly commands: number
  readonly redisCpu: number
}

const SIZES = [
  { subscribers: 1, channels: 1 },
  { subscribers: 100, channels: 1 },
  { subscribers: 100, channels: 10 },
  { subscribers: 10_000, channels: 1 },
  { subscribers: 10_000, channels: 10 },
]

/** Publishes of a channel that wait for nothing but their own. */
const IN_FLIGHT = 8

export async function benchPeers(settings: Settings): Promise<void> {
  for (const size of SIZES) await benchPeersAt(size, settings)
}

/** Both over ioredis, publisher and subscribers in one process, each in a Redis of its own. */
async function benchPeersAt(size: (typeof SIZES)[number], settings: Settings): Promise<void> {
  const { channels } = size
  const subscribers = size.subscribers / channels
  const names = Object.keys(PEERS)
  const figures = await measureInRounds(names, settings.rounds, async (name): Promise<PeerFigures> => {
    const server = await RedisServer.start()
    const admin = new Redis(server.url)
    const many = { channels, subscribers, inFlight: IN_FLIGHT }
    const driven = await startDriven(settings, ['peers', name, server.url], many)
    try {
      const { cpu } = settings
      const alone = await driven.ask<Driven>('drive', { ...many, channels: 1, inFlight: 1, cpu: cpu / 4 })
      const before = await redisUse(admin)
      const loaded = await driven.ask<Driven>('drive', { ...many, cpu })
      const after = await redisUse(admin)
      return {
        alone,
        many: loaded,
        commands: (after.commands - before.commands) / loaded.events,
        redisCpu: (after.cpu - before.cpu) / loaded.events,
      }
    } finally {
      await driven.stop()
      admin.disconnect()
      await server.stop()
    }
  })
  const of = (name: string): PeerFigures[] => figures.get(name) ?? []
  const ofLoad = (name: string, load: 'alone' | 'many'): Driven => middle(of(name).map((figure) => figure[load]))
  const row = (title: string, figure: (name: string) => number): string[] => {
    const values = names.map(figure)
    const [ours = Number.NaN, theirs = Number.NaN] = values
    return [title, ...values.map(formatNumber), `${(ours / theirs).toFixed(2)} ×`]
  }
  const rows = [
    row('alone: ack p50 µs', (name) => ofLoad(name, 'alone').ack50),
    row('alone: until the last has it p50 µs', (name) => ofLoad(name, 'alone').end50),
    row('alone: until the last has it p99 µs', (name) => ofLoad(name, 'alone').end99),
    row('published per second', (name) => ofLoad(name, 'many').rate),
    row('delivered per second', (name) => ofLoad(name, 'many').deliveries),
    row('CPU µs/delivery', (name) => ofLoad(name, 'many').cpuPerDelivery),
    row('commands to Redis per event', (name) => median(of(name).map(({ commands }) => commands))),
    row("Redis' CPU µs/event", (name) => median(of(name).map(({ redisCpu }) => redisCpu))),
  ]
  const title = `${size.subscribers} subscribers of ${channels} channels`
  console.log(`\n${formatTable([title, ...names, 'headwater / orpc'], rows)}`)
}

/** Commands that clients sent, not those of scripts, and CPU time in µs. */
async function redisUse(admin: Redis): Promise<{ commands: number; cpu: number }> {
  const stats = await admin.info('commandstats')
  const calls = (command: string): number => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  const scripts = calls('evalsha') + calls('eval')
  // A script of ours publishes and adds by itself.
  const commands = scripts > 0 ? scripts : calls('xadd') + calls('publish') + calls('multi') + calls('exec')
  const cpu = await admin.info('cpu')
  const seconds = (kind: string): number => Number(new RegExp(`used_cpu_${kind}:([\\d.]+)`).exec(cpu)?.[1])
  return { commands, cpu: (seconds('user') + seconds('sys')) * 1e6 }
}
