export type { RedisClient } from '../../core/redis-scripts.ts'
export { BatchHandlerPlugin, type BatchHandlerPluginOptions } from '../../plugins/batch/batch-handler-plugin.ts'
export { CompressionPlugin, type CompressionPluginOptions } from '../../plugins/compression-plugin.ts'
export { CORSPlugin, type CORSPluginOptions } from '../../plugins/cors-plugin.ts'
export { CSRFPlugin, type CSRFPluginOptions } from '../../plugins/csrf-plugin.ts'
export {
  RequestHeadersPlugin,
  type RequestHeadersPluginContext,
  ResponseHeadersPlugin,
  type ResponseHeadersPluginContext,
} from '../../plugins/header-plugins.ts'
export {
  type CallLog,
  type Logger,
  LoggerPlugin,
  type LoggerPluginOptions,
  type LogLevel,
} from '../../plugins/logger-plugin.ts'
export { MemoryRateLimiter } from '../../plugins/rate-limit/memory-rate-limiter.ts'
export {
  type RateLimitedCall,
  type RateLimitOptions,
  RateLimitPlugin,
  rateLimit,
} from '../../plugins/rate-limit/rate-limit-plugin.ts'
export type {
  RateLimiter,
  RateLimitResult,
  RateLimitState,
  RateLimits,
  StreamSlot,
} from '../../plugins/rate-limit/rate-limiter.ts'
export { RedisRateLimiter, type RedisRateLimiterOptions } from '../../plugins/rate-limit/redis-rate-limiter.ts'
export { TimeoutPlugin, type TimeoutPluginOptions } from '../../plugins/timeout-plugin.ts'
export type { HandlerPlugin, IncomingCall, IncomingInterceptor } from '../../session/serve-request.ts'
