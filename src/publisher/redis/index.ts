export { RedisLog, type RedisLogOptions } from './redis-log.ts'
export type { RedisLogClient } from './subscriber.ts'
