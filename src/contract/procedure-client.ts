import type { ConnectionState } from '../event/connection-state.ts'
import type { EventGapData } from '../event/event-gap.ts'
import type { ResumeMode } from '../event/resume.ts'

/** What a caller may set for one call. */
export interface CallOptions<ClientContext = unknown> {
  /** Aborting it rejects the call or ends the stream with the signal's reason, and reaches the handler's `signal`. */
  readonly signal?: AbortSignal | undefined
  /** The stream begins after this event. */
  readonly lastEventId?: string | undefined
  /** Is told each time the state of this call's stream changes. */
  readonly onConnectionState?: ((state: ConnectionState) => void) | undefined
  /**
   * Is told when this call's stream goes on over events that are lost to it, because its handler says so (`onGap`): before
   * the first event behind the gap, when that is asked for. What it throws fails the stream.
   */
  readonly onGap?: ((gap: EventGapData) => void) | undefined
  /** What happens when this call's stream is cut. Default: that of the link, which resumes. */
  readonly resume?: ResumeMode | undefined
  /** For the link's functions: `headers`, `url`, … */
  readonly context?: ClientContext | undefined
}

interface CallOptionsWithContext<ClientContext> extends CallOptions<ClientContext> {
  readonly context: ClientContext
}

/** The rest of a call's arguments: whatever may be undefined may be left out. */
export type CallArguments<Input, ClientContext> =
  Record<never, never> extends ClientContext
    ? undefined extends Input
      ? [input?: Input, options?: CallOptions<ClientContext>]
      : [input: Input, options?: CallOptions<ClientContext>]
    : [input: Input, options: CallOptionsWithContext<ClientContext>]

/** A call under way. Its type remembers the errors that the contract declares, for `safe()`. */
export interface Call<Output, Failure> extends Promise<Output> {
  readonly '~failure'?: Failure
}

/** One procedure as its caller sees it. */
export type ProcedureClient<Input, Output, Failure, ClientContext = unknown> = (
  ...args: CallArguments<Input, ClientContext>
) => Call<Output, Failure>
