import { eventIterator, oc, type } from 'headwater/contract'
import { implement } from 'headwater/server'
import type { RedisClientType } from 'redis'

export type { RouterClient } from 'headwater/server'

export interface Message {
  readonly text: string
}

export const api = implement({ messages: oc.output(eventIterator(type<Message>())) })
export declare const router: { readonly messages: ReturnType<typeof api.messages.handler> }

export declare const redis: RedisClientType
export declare const url: string
