import type { IncomingMessage } from 'node:http'

export declare function token(): string
export declare function userOf(request: IncomingMessage): string
