import type { CallOptions } from '../contract/procedure-client.ts'
import type { Link } from './link.ts'

/**
 * A link that chooses another link for each call.
 *
 * @example
 * new DynamicLink<{ region: string }>(({ context }) => links[context?.region ?? 'eu'])
 */
export class DynamicLink<ClientContext = Record<never, never>> implements Link<ClientContext> {
  readonly #choose: (
    options: CallOptions<ClientContext>,
    path: readonly string[],
    input: unknown,
  ) => Link<ClientContext> | Promise<Link<ClientContext>>

  constructor(
    choose: (
      options: CallOptions<ClientContext>,
      path: readonly string[],
      input: unknown,
    ) => Link<ClientContext> | Promise<Link<ClientContext>>,
  ) {
    this.#choose = choose
  }

  async call(path: readonly string[], input: unknown, options: CallOptions<ClientContext>): Promise<unknown> {
    const link = await this.#choose(options, path, input)
    return link.call(path, input, options)
  }
}
