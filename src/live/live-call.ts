import { pathOfCall } from '../contract/client-proxy.ts'
import { hashValue } from './hash-value.ts'
import type { OpenStream, StreamOptions } from './live-stream.ts'
import type { OpenedStream } from './stream-place.ts'

/** A procedure that gives a stream, as its client has it. */
export type StreamProcedure<Input, Event> = (
  input: Input,
  options: any,
) => OpenedStream<Event> | PromiseLike<OpenedStream<Event>>

/** What tells calls apart, beside the function that makes them. */
export interface LiveCallOptions {
  readonly input?: unknown
  readonly context?: unknown
  readonly key?: unknown
}

/**
 * What makes two calls the same: the `key` where there is one, else the client's procedure, its input and its context. A
 * function that is not a client's is its owner's alone, for it may be another one each time.
 */
export function keyOfCall(call: unknown, { key, input, context }: LiveCallOptions, owner: object): string {
  if (key !== undefined) return hashValue([key, input, context])
  return hashValue([pathOfCall(call) === undefined ? owner : call, input, context])
}

/** The stream of a call. A function of your own gets the options first, unless there is an input for it. */
export function openerOf<Event>(
  call: StreamProcedure<any, Event> | OpenStream<Event>,
  { input, context }: LiveCallOptions,
): OpenStream<Event> {
  const takesInput = pathOfCall(call) !== undefined || input !== undefined || call.length > 1
  const procedure = call as (...parameters: unknown[]) => ReturnType<OpenStream<Event>>
  return (options: StreamOptions) => {
    const all = context === undefined ? options : { ...options, context }
    return takesInput ? procedure(input, all) : procedure(all)
  }
}
