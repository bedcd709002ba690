import type { RPCErrorJSON } from '../core/error.ts'
import type { ConnectionState } from '../event/connection-state.ts'
import type { EventGapData } from '../event/event-gap.ts'
import type { EventMeta } from '../event/event-meta.ts'

/** An event on its way to other tabs: what hangs on the value stands beside it. */
export interface TabEvent {
  readonly value: unknown
  readonly meta: EventMeta | undefined
  /** Where a stream goes on that has seen this event. */
  place: string | undefined
}

/** How a stream has ended. */
export interface TabEnd {
  readonly value?: unknown
  readonly error?: RPCErrorJSON | undefined
}

/** What tabs ask of the one that leads. */
export type TabQuestion =
  /** Who follows from now on, after an event or from the beginning. */
  | { readonly type: 'join'; readonly who: string; readonly place: string | undefined; readonly whole: boolean }
  | { readonly type: 'ping' }

/** What the leading tab tells the others. `seq` counts its events. */
export type TabAnswer = { readonly term: string } & (
  | { readonly type: 'lead' }
  | {
      readonly type: 'welcome'
      readonly who: string
      readonly seq: number
      readonly events: readonly TabEvent[]
      /** Whether nothing is missing since the stream began. */
      readonly isWhole: boolean
      readonly place: string | undefined
      readonly state: ConnectionState | undefined
    }
  /** It cannot serve that place, or not yet. */
  | { readonly type: 'unknown'; readonly who: string; readonly isFinal: boolean }
  | { readonly type: 'event'; readonly seq: number; readonly event: TabEvent }
  | { readonly type: 'place'; readonly seq: number; readonly place: string | undefined }
  | { readonly type: 'state'; readonly state: ConnectionState }
  | { readonly type: 'gap'; readonly gap: EventGapData }
  | { readonly type: 'end'; readonly seq: number; readonly end: TabEnd }
  /** What comes cannot be handed from tab to tab. */
  | { readonly type: 'dissolve' }
)

export type TabMessage = TabQuestion | TabAnswer
