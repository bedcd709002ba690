import { RPCError } from 'headwater/client'

/** Why a call has failed, for the person who made it. */
export function describeFailure(error: unknown): string {
  if (error instanceof RPCError) return error.message
  // The call was given up: nobody knows how far it came.
  return 'The server did not answer in time; it may have arrived all the same'
}
