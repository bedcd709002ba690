import { eventIterator, oc, type } from 'headwater/contract'
import type { EventLog } from 'headwater/publisher'
import { implement } from 'headwater/server'
import type { Pool, PoolClient } from 'pg'
import { z } from 'zod'

export { os } from 'headwater/server'

export const messageSchema = z.object({ text: z.string() })
export const roomInput = z.object({ roomId: z.string() })

export type Message = z.infer<typeof messageSchema>

export interface Notice {
  readonly title: string
}

export interface Order {
  readonly id: string
}

export interface User {
  readonly id: string
  readonly name: string
}

export interface Events {
  readonly notices: Notice
  readonly orders: Order
  readonly [price: `price:${string}`]: number
  readonly [room: `room:${string}`]: Message
}

interface Context {
  readonly user: User
  readonly session: { readonly expired: AbortSignal }
  readonly membership: { readonly since: string }
}

const stream = oc.input(roomInput).output(eventIterator(type<Message>()))
export const api = implement({ chat: { stream } }).$context<Context>()

export declare const log: EventLog
export declare const pool: Pool
export declare const client: PoolClient
export declare const gauge: { set(value: number): void }
export declare const memberships: { add(room: string, user: User, membership: { since: string }): Promise<void> }

export declare const messages: readonly Message[]
export declare const order: Order
export declare const upload: { readonly id: string }
export declare const room: string
export declare const user: User
export declare const signal: AbortSignal
export declare const lastEventId: string | undefined

export declare function assertMember(roomId: string, user: User): Promise<void>
export declare function index(notice: Notice): void
export declare function report(problem: unknown): void
export declare function show(channel: string, event: unknown): void
