import { oc } from '../contract/builder.ts'
import type { ContractProcedure } from '../contract/contract-procedure.ts'
import { type EventIteratorSchema, eventIterator } from '../contract/event-iterator.ts'
import { type TypedSchema, type } from '../core/schema.ts'
import type { JSONSchema } from '../openapi/json-schema.ts'
import type { ChannelStats, PublisherStats } from '../publisher/measures.ts'

/** A procedure of the router, as far as its contract tells. */
export interface InspectedProcedure {
  readonly path: readonly string[]
  readonly summary?: string | undefined
  readonly description?: string | undefined
  readonly tags: readonly string[]
  readonly deprecated: boolean
  /** Where it stands over plain HTTP: `GET /planets/{id}`. */
  readonly route: string
  /** Whether it is a stream; `undefined` where its contract has no output. */
  readonly isStream?: boolean | undefined
  /** JSON Schema, where the schema library offers it. */
  readonly input?: JSONSchema | undefined
  /** Of a stream, that of its events. */
  readonly output?: JSONSchema | undefined
  readonly errors: readonly {
    readonly code: string
    readonly status: number | undefined
    readonly message: string | undefined
  }[]
}

/** What does not change while the server runs. */
export interface Inspection {
  readonly title: string
  readonly procedures: readonly InspectedProcedure[]
  /** Parts of the router that could not be loaded, and why. */
  readonly failures: readonly { readonly path: readonly string[]; readonly message: string }[]
}

/** A channel that is being read. */
export interface InspectedChannel extends ChannelStats {
  /** The id after which all that is left of it comes; `undefined` while the log has not told. */
  readonly oldest: string | undefined
}

export interface InspectedPublisher {
  readonly name: string
  readonly stats: PublisherStats
  readonly channels: readonly InspectedChannel[]
}

export interface InspectedConnection {
  readonly id: number
  readonly openedAt: number
  readonly calls: number
  readonly buffered: number
  /** `headwater.1`, or `plain` for clients that do not speak it. */
  readonly protocol: 'headwater.1' | 'plain'
}

/** A stream that a client has open. */
export interface InspectedStream {
  readonly id: number
  readonly path: readonly string[]
  /** The connection that carries it; `undefined` over HTTP. */
  readonly connection: number | undefined
  readonly openedAt: number
  readonly events: number
  /** The id up to which its client has been sent everything. */
  readonly position: string | undefined
  /** The id after which it was resumed. */
  readonly resumedAfter: string | undefined
  readonly buffered: number
  /** What its client says that it is. */
  readonly client: string | undefined
}

/** How often a procedure was called, since the server has been started. */
export interface InspectedCalls {
  readonly path: readonly string[]
  readonly calls: number
  readonly errors: number
  /** Now. */
  readonly active: number
  /** All of them together and the longest, in ms; of a stream, until it was opened. */
  readonly total: number
  readonly longest: number
}

/** Something that is worth telling. */
export interface InspectedNote {
  readonly at: number
  readonly publisher: string
  readonly channel: string | undefined
  readonly type: 'gap' | 'resume' | 'fall-behind' | 'missed-wake' | 'error'
  readonly text: string
}

/** How everything stands at a moment. Lists are cut at 200, the busiest first; `left` counts what is not in them. */
export interface InspectorSample {
  /** In ms since 1970. */
  readonly at: number
  readonly publishers: readonly InspectedPublisher[]
  readonly connections: readonly InspectedConnection[]
  readonly streams: readonly InspectedStream[]
  readonly calls: readonly InspectedCalls[]
  /** Since the sample before. */
  readonly notes: readonly InspectedNote[]
  readonly left: { readonly channels: number; readonly connections: number; readonly streams: number }
  /** Of all connections and streams. */
  readonly buffered: number
}

/** What the inspector's page is made of, for pages and tools of your own: served at `/inspector/data`. */
export const inspectorContract: {
  readonly inspect: ContractProcedure<TypedSchema<unknown, unknown>, TypedSchema<Inspection, Inspection>>
  readonly samples: ContractProcedure<
    TypedSchema<unknown, unknown>,
    EventIteratorSchema<InspectorSample, InspectorSample, unknown, unknown>
  >
} = {
  inspect: oc.input(type<unknown>()).output(type<Inspection>()),
  /** One each second, those of the last minutes first. */
  samples: oc.input(type<unknown>()).output(eventIterator(type<InspectorSample>())),
}
