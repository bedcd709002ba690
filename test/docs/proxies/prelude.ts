import type { RequestListener } from 'node:http'

export declare const listener: RequestListener

export declare function show(event: unknown): void
