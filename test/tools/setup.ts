import { findChromium } from './chromium.ts'
import { findRedisServer } from './redis-server.ts'

/** Run once before the tests: two of their workers that install at the same time would lock each other out. */
export function setup(): void {
  findChromium()
  findRedisServer()
}
