import { createClientProxy } from '../contract/client-proxy.ts'
import type { Link } from './link.ts'

/**
 * The typed client over a link: a tree of functions that mirrors the router or contract.
 *
 * @example
 * const client: RouterClient<typeof router> = createClient(new RPCLink({ url: 'http://localhost:3000/rpc' }))
 * const planet = await client.planet.find({ id: 1 })
 */
export function createClient<Client>(link: Link): Client {
  return createClientProxy((path, input, options) => link.call(path, input, options)) as Client
}
