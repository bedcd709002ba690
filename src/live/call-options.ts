import type { LiveOptions } from './live-view.ts'

/** How a procedure of a client is called for a UI library. */
export interface ProcedureOptions<Event, Data> extends LiveOptions<Event, Data> {
  /** For the link's functions: `headers`, `url`, … */
  readonly context?: unknown
  readonly key?: undefined
}

/** How a function of your own is called for a UI library. */
export interface KeyedOptions<Event, Data> extends LiveOptions<Event, Data> {
  /** What tells this stream from others, as in TanStack Query: everything that the function goes by. */
  readonly key: unknown
}
