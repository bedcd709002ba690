/** What happened, each entry with its time in ms since the run began. The checker sees nothing else of a run. */
export type Entry = { readonly at: number } & Happening

export type Happening =
  | Publishing
  | { readonly type: 'acked'; readonly event: string; readonly id?: string; readonly duplicate: boolean }
  /** Refused for sure: it must never be seen. A rollback is one too. */
  | { readonly type: 'refused'; readonly event: string; readonly code: string }
  /** Nobody knows whether it was appended. */
  | { readonly type: 'unknown'; readonly event: string; readonly code: string }
  | Opening
  /** The opening was answered. */
  | { readonly type: 'opened'; readonly reader: string }
  /** `intact`: whether it came as it was when it was published. */
  | {
      readonly type: 'seen'
      readonly reader: string
      readonly event: string
      readonly id: string
      readonly intact: boolean
    }
  /** It showed a token that is good until then. */
  | { readonly type: 'token'; readonly reader: string; readonly expires: number }
  | Gap
  /** The stream ended with `done`, which none of ours ever does. */
  | { readonly type: 'done'; readonly reader: string }
  /** The stream failed, for good as its client thinks. */
  | { readonly type: 'failed'; readonly reader: string; readonly code: string; readonly message: string }
  /** An opening was refused with what passes; the reader tries again. */
  | { readonly type: 'refused-opening'; readonly reader: string; readonly code: string }
  /** The reader was told to leave: what it does not get any more it does not lack. */
  | { readonly type: 'leaving'; readonly reader: string }
  /** The reader has left, or its process was killed. */
  | { readonly type: 'left'; readonly reader: string }
  | Fault
  /** The fault is over: from here on everything has to come right by itself. */
  | { readonly type: 'healed'; readonly fault: string }
  | Listing
  | Figures

export interface Publishing {
  readonly type: 'publish'
  readonly event: string
  readonly channel: string
  readonly publisher: string
  /** The order of the publisher's calls. */
  readonly number: number
  readonly keyed: boolean
  /** How often it was tried before. */
  readonly attempt: number
  /** Inside a transaction of the caller's. */
  readonly transaction?: boolean
}

export interface Opening {
  readonly type: 'open'
  readonly reader: string
  readonly channel: string
  readonly transport: string
  /** An id, or `'start'`, or `'now'`. */
  readonly after: string
  /** It takes its time on purpose: for each event, or for the first. */
  readonly slow?: boolean
}

export interface Gap {
  readonly type: 'gap'
  readonly reader: string
  readonly reason: string
  readonly lastEventId?: string
  readonly oldest?: string
  readonly head?: string
}

export interface Fault {
  readonly type: 'fault'
  readonly fault: string
  readonly target: string
  /** Whether what was acknowledged may be gone: an epoch's end is allowed then. */
  readonly losesHistory?: boolean
  /** Whether publishers may wait for its end. */
  readonly hindersPublishers?: boolean
}

/** What a fresh process finds in the log at the end. */
export interface Listing {
  readonly type: 'listed'
  readonly channel: string
  readonly epoch: string
  /** The greatest offset that was removed. */
  readonly trimmed: number
  readonly events: readonly { readonly event: string; readonly id: string }[]
}

/** What a server's process says of itself. */
export interface Figures {
  readonly type: 'figures'
  readonly process: string
  /** `'end'`: all readers have left. */
  readonly when: 'busy' | 'end'
  /** Subscriptions that are open. */
  readonly streams: number
  /** The most bytes that waited for one connection. */
  readonly buffered: number
  readonly reads: number
  /** Resources that kept the process alive once all was closed. */
  readonly left?: readonly string[]
}

/** What the checker has to know of the run's setting. */
export interface Setting {
  readonly offsets: 'contiguous' | 'ordered'
  /** What the channels are kept for; nothing else may be trimmed. */
  readonly retention: { readonly events?: number; readonly seconds?: number }
  /** How long the log remembers an idempotency key, in ms. */
  readonly keysKept: number
  /** How late an event may come once nothing is in its way, in ms. */
  readonly patience: number
  /** How long an acknowledgement may take that nothing hinders, in ms. */
  readonly publishPatience: number
  /** What clocks and pipes may be off by, in ms. */
  readonly slack: number
  /** The most bytes that may wait for a connection. */
  readonly maxBuffered: number
}

export type PromiseName =
  | 'S1'
  | 'S2'
  | 'S3'
  | 'S5'
  | 'S6'
  | 'S7'
  | 'P1'
  | 'P2'
  | 'P3'
  | 'P4'
  | 'P5'
  | 'O1'
  | 'O2'
  | 'O4'

/** A promise that was not kept. */
export interface Violation {
  readonly promise: PromiseName
  readonly at: number
  /** The reader or publisher that it happened to. */
  readonly who: string
  readonly what: string
  /** The events that are missing, repeated or wrong. */
  readonly events: readonly string[]
}
