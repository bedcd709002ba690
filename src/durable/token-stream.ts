import { HibernationEventIterator } from '../event/hibernation-event-iterator.ts'

/** What stands in an answer for a stream that is to be had elsewhere. Nothing else is in that object. */
export const TOKEN_KEY = '~durable'

/** A stream that is to be had elsewhere: this side of it can only be handed on. */
export class TokenStream extends HibernationEventIterator<never> {
  readonly token: string

  constructor(token: string) {
    super(() => {
      throw notHandedOn()
    })
    this.token = token
  }

  protected override pull(): Promise<IteratorResult<never, unknown>> {
    return Promise.reject(notHandedOn())
  }
}

function notHandedOn(): TypeError {
  return new TypeError(
    'A DurableEventIterator is read by clients: give their handler a DurableEventIteratorHandlerPlugin, and their link a DurableEventIteratorLinkPlugin',
  )
}

/** The token in an answer; `undefined` for any other answer. */
export function readToken(output: unknown): string | undefined {
  if (typeof output !== 'object' || output === null || !Object.hasOwn(output, TOKEN_KEY)) return undefined
  const { [TOKEN_KEY]: token, ...rest } = output as { readonly [TOKEN_KEY]: unknown }
  return typeof token === 'string' && Object.keys(rest).length === 0 ? token : undefined
}
