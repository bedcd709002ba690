import type { ContractRouter } from '../../contract/contract-procedure.ts'
import { OpenAPIClientCodec } from '../../openapi/openapi-client-codec.ts'
import { RequestLink, type RequestLinkOptions } from '../../session/request-link.ts'

export interface OpenAPILinkOptions<ClientContext> extends Omit<RequestLinkOptions<ClientContext>, 'method'> {}

/**
 * Calls procedures by `fetch` as the routes of their contract say, on any server that answers so; streams come as
 * server-sent events and resume when they are cut. Plain JSON has no dates: see `JsonifiedClient`.
 *
 * @example
 * const link = new OpenAPILink(contract, { url: 'https://example.com/api' })
 * const client: JsonifiedClient<ContractRouterClient<typeof contract>> = createClient(link)
 */
export class OpenAPILink<ClientContext = Record<never, never>> extends RequestLink<ClientContext> {
  constructor(contract: ContractRouter, options: OpenAPILinkOptions<ClientContext>) {
    super(new OpenAPIClientCodec(contract), options)
  }
}
