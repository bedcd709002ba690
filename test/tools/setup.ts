import { findChromium } from './chromium.ts'
import { findKcat } from './kafka-mock.ts'
import { findNatsServer } from './nats-server.ts'
import { findPostgres, removePostgresTemplate } from './postgres-server.ts'
import { findProxy, PROXIES } from './proxy-server.ts'
import { findRabbitServer } from './rabbitmq-server.ts'
import { findRedisServer } from './redis-server.ts'

/** Run once before the tests: two of their workers that install at the same time would lock each other out. */
export function setup(): void {
  findChromium()
  findKcat()
  findNatsServer()
  findPostgres()
  for (const proxy of PROXIES) findProxy(proxy)
  findRabbitServer()
  findRedisServer()
}

export async function teardown(): Promise<void> {
  await removePostgresTemplate()
}
