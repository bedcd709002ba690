import { decodeMessage } from '../../wire/message.ts'
import { expectProtocol, loadForms, RPCClientCodec, toOutput } from '../client-codec.ts'

/** The RPC protocol over connections, whose messages have been parsed already, on the client's side. */
export class PeerClientCodec extends RPCClientCodec {
  /** The output in an answer. Throws like `decodeAnswer`. @param form where the answer is one. */
  async decodeReceived(status: number, message: unknown, form: Response | undefined): Promise<unknown> {
    if (form === undefined) return toOutput(status, () => decodeMessage(this.serializer, message))
    const [data, { parseFormData }] = await Promise.all([form.formData(), loadForms()])
    return toOutput(status, () => parseFormData(this.serializer, data))
  }

  /** @throws {RPCError} `BAD_GATEWAY` when the message is not what the protocol says. */
  decodeEvent(message: unknown): unknown {
    return expectProtocol(() => decodeMessage(this.serializer, message))
  }
}
