export { consumeEventIterator, createClient } from 'headwater/client'
export { RPCLink } from 'headwater/client/fetch'
export { BatchLinkPlugin } from 'headwater/client/plugins'
export type { RouterClient } from 'headwater/server'

export declare const url: string
export declare const roomId: string
export declare const text: string

export declare function show(message: object): void
export declare function report(problem: unknown): void
