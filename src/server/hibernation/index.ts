export { HibernationEventIterator } from '../../event/hibernation-event-iterator.ts'
export { HibernationPlugin } from '../../plugins/hibernation-plugin.ts'
export {
  AUTO_RESPONSE,
  encodeHibernationRPCEvent,
  type HibernationRPCEventOptions,
} from '../../session/peer/hibernation.ts'
