export type { CustomSerializer } from '../../wire/serializer.ts'
export type { TokenPayload as DurableEventIteratorTokenPayload } from '../token-payload.ts'
export type { ClientDurableEventIterator } from '../types.ts'
export { DurableEventIteratorLinkPlugin, type DurableEventIteratorLinkPluginOptions } from './link-plugin.ts'
