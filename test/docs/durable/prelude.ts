export type { DurableObjectNamespace, ExportedHandler } from './workers-types.ts'

export interface User {
  readonly id: string
}

export declare const SIGNING_KEY: string
export declare const signingKey: string
export declare const redis: import('redis').RedisClientType

export declare function show(message: string): void
