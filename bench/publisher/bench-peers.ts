import { Redis } from 'ioredis'
import { RedisServer } from '../../test/tools/redis-server.ts'
import type { MeasuredProcess } from '../tools/measured-process.ts'
import { measureInRounds } from '../tools/rounds.ts'
import { formatNumber, median } from '../tools/statistics.ts'
import { formatTable } from '../tools/table.ts'
import type { Driven, Load } from './drive.ts'
import { PEERS } from './peers.ts'
import { type Settings, startDriven } from './settings.ts'

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

interface Started {
  readonly driven: MeasuredProcess
  readonly admin: Redis
  stop(): Promise<void>
}

/** Publisher and subscribers in one process, over ioredis and a Redis of its own. */
async function start(name: string, settings: Settings, load: Omit<Load, 'cpu'>): Promise<Started> {
  const server = await RedisServer.start()
  const admin = new Redis(server.url)
  const driven = await startDriven(settings, ['peers', name, server.url], load)
  return {
    driven,
    admin,
    stop: async () => {
      await driven.stop()
      admin.disconnect()
      await server.stop()
    },
  }
}

/** All are there all the time and driven in turn. */
async function benchPeersAt(size: (typeof SIZES)[number], settings: Settings): Promise<void> {
  const { channels } = size
  const subscribers = size.subscribers / channels
  const names = Object.keys(PEERS)
  const many = { channels, subscribers, inFlight: IN_FLIGHT }
  const started = new Map<string, Started>()
  try {
    for (const name of names) started.set(name, await start(name, settings, many))
    const figures = await measureInRounds(names, settings.rounds, async (name): Promise<PeerFigures> => {
      const { driven, admin } = started.get(name) as Started
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
    })
    console.log(
      `\n${formatTable([`${size.subscribers} subscribers of ${channels} channels`, ...names, 'headwater / orpc'], rowsOf(names, figures))}`,
    )
  } finally {
    for (const each of started.values()) await each.stop()
  }
}

function rowsOf(names: readonly string[], figures: ReadonlyMap<string, readonly PeerFigures[]>): string[][] {
  const row = (title: string, figure: (round: PeerFigures) => number): string[] => {
    const values = names.map((name) => (figures.get(name) ?? []).map(figure))
    const [ours = [], theirs = []] = values
    // Of each round by itself: from one to the next the machine may have become another one.
    const ratio = median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)))
    return [title, ...values.map((rounds) => formatNumber(median(rounds))), `${ratio.toFixed(2)} ×`]
  }
  return [
    row('alone: ack p50 µs', ({ alone }) => alone.ack50),
    row('alone: until the last has it p50 µs', ({ alone }) => alone.end50),
    row('alone: until the last has it p99 µs', ({ alone }) => alone.end99),
    row('published per second', ({ many }) => many.rate),
    row('delivered per second', ({ many }) => many.deliveries),
    row('CPU µs/delivery', ({ many }) => many.cpuPerDelivery),
    row('commands to Redis per event', ({ commands }) => commands),
    row("Redis' CPU µs/event", ({ redisCpu }) => redisCpu),
  ]
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
