export { consumeEventIterator, createClient } from 'headwater/client'
export { RPCLink } from 'headwater/client/websocket'
export type { RouterClient } from 'headwater/server'

export declare const token: string
export declare const room: string
export declare const text: string

export declare function show(message: object): void
export declare function report(problem: unknown): void
