import { useCallback, useState } from 'react'
import type { ProcedureOptions } from '../live/call-options.ts'
import type { StreamProcedure } from '../live/live-call.ts'
import type { LiveOptions } from '../live/live-view.ts'
import { type EventIteratorResult, useLiveView } from './use-live-view.ts'

export interface ManualEventIteratorResult<Input, Event, Data> extends EventIteratorResult<Event, Data> {
  /** Follows the stream of this input, and leaves that of another one. Always the same function. */
  readonly connect: undefined extends Input ? (input?: Input) => void : (input: Input) => void
  /** Leaves the stream; what came stays to be shown. Always the same function. */
  readonly disconnect: () => void
}

/**
 * Follows a stream from `connect(input)` to `disconnect()`, or until the component is gone.
 *
 * @example
 * const { events, connect, disconnect } = useManualEventIterator(client.chat.stream)
 */
export function useManualEventIterator<Input, Event, Data = Event>(
  call: StreamProcedure<Input, Event>,
  options?: Omit<ProcedureOptions<Event, Data>, 'enabled'>,
): ManualEventIteratorResult<Input, Event, Data>
export function useManualEventIterator(
  call: StreamProcedure<any, unknown>,
  options: LiveOptions<unknown, unknown> = {},
): ManualEventIteratorResult<unknown, unknown, unknown> {
  const [{ input, enabled }, setCall] = useState<{ readonly input: unknown; readonly enabled: boolean }>({
    input: undefined,
    enabled: false,
  })
  const connect = useCallback((input: unknown) => setCall({ input, enabled: true }), [])
  const disconnect = useCallback(() => setCall(({ input }) => ({ input, enabled: false })), [])
  const view = useLiveView(call, { ...options, input, enabled })
  return { ...view, connect, disconnect }
}
