import type { QueryKey } from '@tanstack/query-core'
import { isEventSource } from '../event/event-iterator.ts'
import { Serializer } from '../wire/serializer.ts'

export type QueryType = 'query' | 'infinite' | 'streamed' | 'live' | 'mutation'

/** What a key says beside the path, all of it or a part. */
export interface KeyOptions {
  readonly type?: QueryType | undefined
  readonly input?: unknown
}

const serializer = new Serializer()

/** The key of a procedure's data, or the beginning of all keys below a path: each part is a filter of its own. */
export function toQueryKey(path: readonly string[], { type, input }: KeyOptions = {}): QueryKey {
  const details = {
    ...(input === undefined ? {} : { input: toKeyInput(input) }),
    ...(type === undefined ? {} : { type }),
  }
  return Object.keys(details).length === 0 ? [path] : [path, details]
}

/** Keys are hashed as JSON: what that lacks, such as a bigint, stands there as it goes over the wire. */
function toKeyInput(input: unknown): unknown {
  // What was not given yet, `skipToken`, and what nobody could compare.
  if (typeof input === 'symbol' || isEventSource(input)) return undefined
  const { json, meta } = serializer.encode(input)
  return meta.length === 0 ? json : { json, meta }
}
