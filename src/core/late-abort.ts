/** An `AbortController` that is made when somebody asks for its signal: for most calls nobody does. */
export class LateAbort {
  #controller: AbortController | undefined
  #abort: { readonly reason: unknown } | undefined

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abort !== undefined) this.#controller.abort(this.#abort.reason)
    }
    return this.#controller.signal
  }

  get aborted(): boolean {
    return this.#abort !== undefined
  }

  abort(reason?: unknown): void {
    this.#abort ??= { reason }
    this.#controller?.abort(reason)
  }
}
