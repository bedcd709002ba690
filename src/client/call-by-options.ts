import { createClientProxy } from '../contract/client-proxy.ts'
import type { CallOptions } from '../contract/procedure-client.ts'

type InputOption<Input> = undefined extends Input ? { readonly input?: Input | undefined } : { readonly input: Input }

type Arguments<Options> = Record<never, never> extends Options ? [options?: Options] : [options: Options]

/** A client whose procedures take their input among the options. */
export type ClientByOptions<Client> = Client extends (...args: infer Args) => infer Result
  ? (...args: Arguments<InputOption<Args[0]> & NonNullable<Args[1]>>) => Result
  : { readonly [Name in keyof Client]: ClientByOptions<Client[Name]> }

type Node = ((input: unknown, options: CallOptions) => Promise<unknown>) & { readonly [name: string]: Node }

/**
 * The client in another style of calling: one object with the input and the options.
 *
 * @example
 * const orpc = callByOptions(client)
 * const stream = await orpc.notifications.stream({ input: { userId }, signal })
 */
export function callByOptions<Client>(client: Client): ClientByOptions<Client> {
  const proxy = createClientProxy((path, options, more) => {
    const { input, ...rest } = (options ?? {}) as CallOptions & { readonly input?: unknown }
    const procedure = path.reduce<Node>((node, name) => node[name] as Node, client as Node)
    return procedure(input, { ...rest, ...more })
  })
  return proxy as ClientByOptions<Client>
}
