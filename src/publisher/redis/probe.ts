import type { LogCapabilities } from '../event-log.ts'

/** How a Redis, by its `INFO`, is set up otherwise than it has to be. */
export function warningsOf(info: string, survives: LogCapabilities['survives']): string[] {
  const warnings: string[] = []
  if (survives !== 'nothing' && info.includes('aof_enabled:0')) {
    warnings.push(
      `A RedisLog is to survive '${survives}', but this Redis keeps no append-only file: set "appendonly yes", or survives: 'nothing'`,
    )
  }
  const policy = /maxmemory_policy:([\w-]+)/.exec(info)?.[1]
  if (policy !== undefined && policy !== 'noeviction' && !/maxmemory:0\b/.test(info)) {
    warnings.push(
      `A RedisLog is in a Redis that evicts keys (${policy}), and with them events: set "maxmemory-policy noeviction"`,
    )
  }
  return warnings
}
