export type { PerRequest } from '../../session/request-link.ts'
export { RPCLink, type RPCLinkOptions } from '../../transport/fetch/rpc-link.ts'
