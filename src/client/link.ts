import type { CallOptions } from '../contract/procedure-client.ts'

/** A client's transport: it makes one call. */
export interface Link<ClientContext = any> {
  /**
   * Resolves with the output, a stream as an event iterator that is open already.
   *
   * @throws {RPCError} what the server answered, or `CONNECTION_FAILED` when it could not be reached.
   * @throws the reason of `options.signal` once that has aborted.
   */
  call(path: readonly string[], input: unknown, options: CallOptions<ClientContext>): Promise<unknown>
}
