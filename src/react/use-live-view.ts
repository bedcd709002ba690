import { useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { openerInTabs } from '../live/across-tabs.ts'
import { keyOfCall, type LiveCallOptions, type StreamProcedure } from '../live/live-call.ts'
import type { OpenStream } from '../live/live-stream.ts'
import { type LiveOptions, type LiveState, LiveView } from '../live/live-view.ts'

/** What the hooks of a stream give. */
export interface EventIteratorResult<Event, Data> extends LiveState<Event, Data> {
  /** Forgets the events so far; the stream goes on. */
  readonly clear: () => void
  /** Opens the stream again: after a failure where it was left if that can be, else from its beginning. */
  readonly restart: () => void
}

/** A view of a stream that follows it while the component is mounted. The functions are always those of the last render. */
export function useLiveView<Event, Data>(
  call: StreamProcedure<any, Event> | OpenStream<Event>,
  options: LiveOptions<Event, Data> & LiveCallOptions,
): EventIteratorResult<Event, Data> {
  const [owner] = useState<object>(() => ({}))
  const key = keyOfCall(call, options, owner)
  const open = openerInTabs<Event>(call, options)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another call is another view; the rest is updated below.
  const view = useMemo(() => new LiveView<Event, Data>(key, open, options), [key])
  const isEnabled = options.enabled !== false
  useEffect(() => view.update(open, options))
  useEffect(() => (isEnabled ? view.connect() : undefined), [view, isEnabled])
  const state = useSyncExternalStore(view.subscribe, view.getState, () => view.initialState)
  return { ...state, clear: view.clear, restart: view.restart }
}
