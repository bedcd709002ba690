export type { PublishResult } from './append-queue.ts'
export type {
  AppendOptions,
  AppendResult,
  EventLog,
  Head,
  LogCapabilities,
  LogWatch,
  NewRecord,
  Page,
  Retention,
  StoredRecord,
} from './event-log.ts'
export type { Position } from './position.ts'
export { Publisher, type PublisherOptions, type PublishOptions } from './publisher.ts'
export type { SubscribeOptions, Subscription } from './subscription.ts'
