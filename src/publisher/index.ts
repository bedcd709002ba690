export type { EventGapData, GapPolicy } from '../event/event-gap.ts'
export type { PublishResult } from './append-queue.ts'
export { assertPlace, type KnownPlaces } from './assert-place.ts'
export type { ChannelOptions, ChannelsOptions } from './channel-options.ts'
export type { ChannelEvent, ChannelsSubscription } from './channels-subscription.ts'
export type {
  Appended,
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
  Wake,
} from './event-log.ts'
export type { ChannelRange, ChannelStats, Durations, PublisherObservation, PublisherStats } from './measures.ts'
export { NO_TAG, type Position } from './position.ts'
export { type Membership, Presence, type PresenceOptions, type PresenceSubscribeOptions } from './presence.ts'
export type { PresenceChange } from './presence-changes.ts'
export type { Member } from './presence-view.ts'
export {
  type ChannelsSubscribeOptions,
  type ListenOptions,
  Publisher,
  type PublisherOptions,
  type PublishOptions,
} from './publisher.ts'
export type { SubscribeOptions, Subscription } from './subscription.ts'
