import type { KeyedOptions, ProcedureOptions } from '../live/call-options.ts'
import type { StreamProcedure } from '../live/live-call.ts'
import type { OpenStream } from '../live/live-stream.ts'
import type { LiveOptions } from '../live/live-view.ts'
import { type EventIteratorResult, useLiveView } from './use-live-view.ts'

/**
 * Follows a stream while the component is mounted. Equal calls share one subscription: the same procedure of the same
 * client with an equal input, in any component. Another input is another stream; other callbacks are not.
 *
 * @example
 * const { events, status } = useEventIterator(client.chat.stream, { input: { roomId }, onEvent: notify })
 */
export function useEventIterator<Input, Event, Data = Event>(
  call: StreamProcedure<Input, Event>,
  ...[options]: undefined extends Input
    ? [options?: ProcedureOptions<Event, Data> & { readonly input?: Input | undefined }]
    : [options: ProcedureOptions<Event, Data> & { readonly input: Input }]
): EventIteratorResult<Event, Data>
/**
 * Follows a stream that a function of your own opens. Hand its `options` on to the call.
 *
 * @example
 * useEventIterator((options) => client.chat.stream({ roomId }, options), { key: ['chat', roomId] })
 */
export function useEventIterator<Event, Data = Event>(
  open: OpenStream<Event>,
  options: KeyedOptions<Event, Data>,
): EventIteratorResult<Event, Data>
export function useEventIterator(
  call: StreamProcedure<any, unknown>,
  options: LiveOptions<unknown, unknown> = {},
): EventIteratorResult<unknown, unknown> {
  return useLiveView(call, options)
}
