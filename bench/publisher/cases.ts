import type { Contender, LogCase } from './contender.ts'
import { kafka } from './logs/kafka.ts'
import { memory } from './logs/memory.ts'
import { nats } from './logs/nats.ts'
import { postgres } from './logs/postgres.ts'
import { rabbitmq } from './logs/rabbitmq.ts'
import { redis } from './logs/redis.ts'
import { sqlite } from './logs/sqlite.ts'
import { PEERS } from './peers.ts'

export const LOGS: Readonly<Record<string, LogCase>> = {
  memory,
  'sqlite full': sqlite('full'),
  'sqlite normal': sqlite('normal'),
  'redis (node-redis)': redis('node-redis'),
  'redis (ioredis)': redis('ioredis'),
  postgres,
  nats,
  rabbitmq,
  'kafka mock': kafka,
}

/** By the names that a driven process is started with. */
export function openContender(suite: string, name: string, url: string): Promise<Contender> {
  const contenders: Record<string, (url: string) => Promise<Contender>> | undefined =
    suite === 'peers' ? PEERS : LOGS[suite]?.contenders
  const open = contenders?.[name]
  if (open === undefined) throw new Error(`Nobody is called ${suite}, ${name}`)
  return open(url)
}
