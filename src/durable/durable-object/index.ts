export type { CustomSerializer } from '../../wire/serializer.ts'
export type { PublishEventOptions } from '../choose-recipients.ts'
export type { SigningKey } from '../token.ts'
export type { TokenPayload as DurableEventIteratorTokenPayload } from '../token-payload.ts'
export {
  type ObjectNamespace,
  type UpgradeDurableEventIteratorRequestOptions,
  upgradeDurableEventIteratorRequest,
} from '../upgrade.ts'
export type { SocketAttachment, WebSocketManager } from '../websocket-manager.ts'
export {
  DurableEventIteratorObject,
  type DurableEventIteratorObjectOptions,
  type DurableObjectContext,
} from './durable-event-iterator-object.ts'
