/** Who has a signal, made perhaps only when it is asked for. */
export interface SignalSource {
  readonly signal: AbortSignal
}

/**
 * Options with a `signal` that is asked for when somebody looks: it is costly, and for most calls nobody does.
 *
 * All share one getter. With one of its own each object would be a hidden class to the engine, which keeps what that
 * refers to until everything is collected: a whole call.
 */
export class LateSignal implements SignalSource {
  static readonly #property: PropertyDescriptor & ThisType<LateSignal> = {
    enumerable: true,
    get() {
      return this.#source.signal
    },
  }

  declare readonly signal: AbortSignal
  readonly #source: SignalSource

  constructor(source: SignalSource) {
    this.#source = source
    Object.defineProperty(this, 'signal', LateSignal.#property)
  }
}
