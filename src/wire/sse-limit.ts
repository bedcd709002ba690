import { RPCError } from '../core/error.ts'

/**
 * The limit of an `SSEDecoder` that reads what anybody may have sent.
 *
 * @param maxBlockSize in characters. More is refused with `PAYLOAD_TOO_LARGE`.
 */
export function limitBlocks(maxBlockSize: number): (characters: number) => void {
  return (characters) => {
    if (characters <= maxBlockSize) return
    throw new RPCError('PAYLOAD_TOO_LARGE', { message: `An event has more than ${maxBlockSize} characters` })
  }
}
