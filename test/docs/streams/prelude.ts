import type { Server } from 'node:http'
import type { RPCLink } from 'headwater/client/fetch'
import { type ContractRouterClient, eventIterator, oc, type } from 'headwater/contract'
import type { Publisher } from 'headwater/publisher'
import { implement } from 'headwater/server'
import type { RPCHandler } from 'headwater/server/node'

export { EventPublisher, filterEvents } from 'headwater/server'

export interface Message {
  readonly id: string
  readonly text: string
}

export interface Order {
  readonly owner: string
}

export interface Post {
  readonly title: string
}

const contract = {
  chat: { stream: oc.input(type<{ roomId: string }>()).output(eventIterator(type<Message>())) },
  orders: oc.output(eventIterator(type<Order>())),
}

export const api = implement(contract).$context<{ user: { id: string } }>()

export declare const client: ContractRouterClient<typeof contract>
export declare const link: RPCLink
export declare const server: Server
export declare const handler: RPCHandler<Record<never, never>>
export declare const publisher: Publisher<Record<string, Message>>

export declare const message: Message
export declare const post: Post
export declare const signal: AbortSignal
export declare const lastEventId: string | undefined

export declare function messagesAfter(roomId: string, id: string | undefined): AsyncIterable<Message>
export declare function index(post: Post): void
export declare function rebuild(gap: object): Promise<void>
export declare function reload(): void
export declare function render(state: object): void
export declare function report(problem: unknown): void
export declare function show(event: unknown): void
