interface Waiting {
  readonly run: () => unknown
  readonly fail: (error: unknown) => void
}

/** Web Locks of one browser for tests: who asks first has the lock, or who steals it. */
export class TabLocks {
  readonly #holders = new Map<string, (error: unknown) => void>()
  readonly #waiting = new Map<string, Waiting[]>()

  readonly request = (
    name: string,
    { signal, steal = false }: { readonly signal?: AbortSignal; readonly steal?: boolean },
    run: () => unknown,
  ): Promise<unknown> =>
    new Promise((resolve, fail) => {
      const waiting = this.#waiting.get(name) ?? []
      this.#waiting.set(name, waiting)
      const entry: Waiting = {
        fail,
        run: async () => {
          this.#holders.set(name, fail)
          const result = await run()
          if (this.#holders.get(name) === fail) {
            this.#holders.delete(name)
            this.#next(name)
          }
          resolve(result)
        },
      }
      signal?.addEventListener('abort', () => {
        if (waiting.includes(entry)) waiting.splice(waiting.indexOf(entry), 1)
        fail(signal.reason)
      })
      if (steal) {
        this.#holders.get(name)?.(new DOMException('Stolen', 'AbortError'))
        this.#holders.delete(name)
        waiting.unshift(entry)
      } else waiting.push(entry)
      this.#next(name)
    })

  #next(name: string): void {
    if (this.#holders.has(name)) return
    queueMicrotask(() => {
      if (!this.#holders.has(name)) this.#waiting.get(name)?.shift()?.run()
    })
  }
}
