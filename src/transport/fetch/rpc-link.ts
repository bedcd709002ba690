import { RPCClientCodec } from '../../session/client-codec.ts'
import { RequestLink, type RequestLinkOptions } from '../../session/request-link.ts'
import { type CustomSerializer, Serializer } from '../../wire/serializer.ts'

export interface RPCLinkOptions<ClientContext> extends RequestLinkOptions<ClientContext> {
  /** Types of your own on the wire; the server needs the same. */
  readonly customSerializers?: readonly CustomSerializer[] | undefined
}

/**
 * Calls procedures by `fetch`; streams come as server-sent events and resume when they are cut.
 *
 * @example
 * const link = new RPCLink({ url: 'https://example.com/rpc', headers: () => ({ authorization: token() }) })
 * const client: RouterClient<typeof router> = createClient(link)
 */
export class RPCLink<ClientContext = Record<never, never>> extends RequestLink<ClientContext> {
  constructor({ customSerializers, ...options }: RPCLinkOptions<ClientContext>) {
    super(new RPCClientCodec(new Serializer({ customSerializers })), options)
  }
}
