import { Inject } from '@nestjs/common'

export const PUBLISHER: unique symbol = Symbol('Publisher')

/**
 * Injects the publisher that the module was given.
 *
 * @example
 * constructor(‎@InjectPublisher() private readonly publisher: Publisher<Events>) {}
 */
export function InjectPublisher(): PropertyDecorator & ParameterDecorator {
  return Inject(PUBLISHER)
}
