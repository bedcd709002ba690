import type { CallOptions } from './procedure-client.ts'

/** Makes a call: a link does it over a transport, a router client in this process. */
export type CallProcedure = (path: readonly string[], input: unknown, options: CallOptions) => Promise<unknown>

const PATH: unique symbol = Symbol.for('headwater.path') as never

/** The path of the procedure that a function of a client calls; `undefined` for any other value. */
export function pathOfCall(value: unknown): readonly string[] | undefined {
  return typeof value === 'function' ? (value as { readonly [PATH]?: readonly string[] })[PATH] : undefined
}

/** A tree of functions, grown as it is walked: `client.a.b(input)` calls the procedure at `['a', 'b']`. */
export function createClientProxy(call: CallProcedure, path: readonly string[] = []): unknown {
  const children = new Map<string, unknown>()
  const callThis = (input?: unknown, options?: CallOptions): Promise<unknown> => call(path, input, options ?? {})
  return new Proxy(Object.assign(callThis, { [PATH]: path }), {
    get(target, key) {
      // A client is no promise: `then` would make `await client` call a procedure of that name.
      if (typeof key !== 'string') return Reflect.get(target, key)
      if (key === 'then') return undefined
      let child = children.get(key)
      if (child === undefined) {
        child = createClientProxy(call, [...path, key])
        children.set(key, child)
      }
      return child
    },
  })
}
