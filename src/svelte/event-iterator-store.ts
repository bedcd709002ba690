import { openerInTabs } from '../live/across-tabs.ts'
import type { KeyedOptions, ProcedureOptions } from '../live/call-options.ts'
import { keyOfCall, type LiveCallOptions, type StreamProcedure } from '../live/live-call.ts'
import type { OpenStream } from '../live/live-stream.ts'
import { type LiveOptions, type LiveState, LiveView } from '../live/live-view.ts'

/** A readable store of Svelte. */
export interface EventIteratorStore<Event, Data> {
  subscribe(run: (state: LiveState<Event, Data>) => void): () => void
  /** Forgets the events so far; the stream goes on. */
  readonly clear: () => void
  /** Opens the stream again: after a failure where it was left if that can be, else from its beginning. */
  readonly restart: () => void
}

/**
 * A stream as a Svelte store: followed while somebody subscribes, shared with equal calls, resumed when it is cut. A
 * server renders what there is without opening anything.
 *
 * @example
 * const room = eventIteratorStore(client.chat.stream, { input: { roomId } })
 * // {#each $room.events as message (message.id)}
 */
export function eventIteratorStore<Input, Event, Data = Event>(
  call: StreamProcedure<Input, Event>,
  ...[options]: undefined extends Input
    ? [options?: ProcedureOptions<Event, Data> & { readonly input?: Input | undefined }]
    : [options: ProcedureOptions<Event, Data> & { readonly input: Input }]
): EventIteratorStore<Event, Data>
/** A stream that a function of your own opens, as a Svelte store. Hand its `options` on to the call. */
export function eventIteratorStore<Event, Data = Event>(
  open: OpenStream<Event>,
  options: KeyedOptions<Event, Data>,
): EventIteratorStore<Event, Data>
export function eventIteratorStore(
  call: StreamProcedure<any, unknown>,
  options: LiveOptions<unknown, unknown> & LiveCallOptions = {},
): EventIteratorStore<unknown, unknown> {
  const view = new LiveView(keyOfCall(call, options, {}), openerInTabs(call, options), options)
  const isFollowed = options.enabled !== false && typeof document !== 'undefined'
  let subscribers = 0
  let leave: (() => void) | undefined
  return {
    subscribe(run) {
      run(view.getState())
      const unsubscribe = view.subscribe(() => run(view.getState()))
      if (++subscribers === 1 && isFollowed) leave = view.connect()
      let isSubscribed = true
      return () => {
        if (!isSubscribed) return
        isSubscribed = false
        unsubscribe()
        if (--subscribers === 0) leave?.()
      }
    },
    clear: view.clear,
    restart: view.restart,
  }
}
