import type { CallOptions } from '../contract/procedure-client.ts'
import { RPCError } from '../core/error.ts'
import type { RoomSocket } from './room.ts'
import type { TokenPayload } from './token-payload.ts'

export interface MethodCall {
  readonly path: readonly string[]
  readonly input: unknown
  readonly options: CallOptions
}

/**
 * Calls what a method of the object gives for this socket, or something in it, if the token allows that method.
 *
 * @param object whose own class, and those below `base`, have the methods.
 */
export async function callMethod(
  object: object,
  base: object,
  socket: RoomSocket,
  { rpc }: TokenPayload,
  { path, input, options }: MethodCall,
): Promise<unknown> {
  const [name = '', ...rest] = path
  const method = rpc.includes(name) ? findMethod(object, base, name) : undefined
  if (method === undefined) throw new RPCError('FORBIDDEN', { message: `The token does not allow to call ${name}` })
  let client: unknown = await method.call(object, socket)
  for (const key of rest) client = childOf(client, key)
  if (typeof client !== 'function') throw notFound(path)
  return client(input, options)
}

/** By the prototypes above the library's own: neither what every object has, nor what the runtime calls. */
function findMethod(object: object, base: object, name: string): Function | undefined {
  for (let node = Object.getPrototypeOf(object); node !== null && node !== base; node = Object.getPrototypeOf(node)) {
    if (!Object.hasOwn(node, name) || name in base) continue
    const method: unknown = node[name]
    return typeof method === 'function' ? method : undefined
  }
  return undefined
}

/** By own keys alone, but for clients that grow as they are walked: those are functions. */
function childOf(parent: unknown, key: string): unknown {
  if (typeof parent === 'object' && parent !== null)
    return Object.hasOwn(parent, key) ? parent[key as never] : undefined
  if (typeof parent !== 'function' || key in Function.prototype || key === 'prototype') return undefined
  return parent[key as never]
}

function notFound(path: readonly string[]): RPCError {
  return new RPCError('NOT_FOUND', { message: `There is nothing to call at ${path.join('.')}` })
}
