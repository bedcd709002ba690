import type { PassedGap, Positioned, StreamPosition } from '../event/stream-position.ts'

/** What a subscription tells its position. */
export interface PlacedSubscription extends Positioned {
  /** The id of the place up to which everything has been handed out. */
  '~handedOut'(): string | undefined
  '~takeGap'(): PassedGap | undefined
  /** @throws the signal's reason: what was handed out is not wanted any more. */
  '~assertWanted'(): void
}

/** The position of a subscription: one object for each, so that idle ones are small, and no functions of its own. */
export class SubscriptionPosition implements StreamPosition {
  readonly #subscription: PlacedSubscription
  readonly ready: Promise<unknown>

  constructor(subscription: PlacedSubscription, ready: Promise<unknown>) {
    this.#subscription = subscription
    this.ready = ready
  }

  cursor(): string | undefined {
    return this.#subscription['~handedOut']()
  }

  takeGap(): PassedGap | undefined {
    return this.#subscription['~takeGap']()
  }

  assertOpen(): void {
    this.#subscription['~assertWanted']()
  }
}
