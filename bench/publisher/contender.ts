/** An event of the benchmark: about 200 bytes, with a number by which its receipts are counted. */
export interface BenchEvent {
  readonly n: number
  readonly user: string
  readonly text: string
}

/** What can be driven: one of ours, a bare loop over the driver, or a peer. */
export interface Contender {
  publish(channel: string, event: BenchEvent): Promise<unknown>
  /** Resolves once what is published from then on comes. */
  subscribe(channel: string, onEvent: OnEvent): Promise<void>
}

export type OnEvent = (event: BenchEvent, id?: string) => void

/** One log, and the driver under it. What it opens lives as long as the process. */
export interface LogCase {
  /** Starts the server of its own, if it needs one, and gives where it is. */
  start?(): Promise<{ readonly url: string; stop(): Promise<void> }>
  /**
   * The same of each, by name: the log, and a loop over the bare driver that does the same writes and reads. It promises the
   * same too, and no less: contiguous offsets where the log has them, tags and epochs, limits of retention and of time.
   */
  readonly contenders: {
    readonly headwater: (url: string) => Promise<Contender>
    readonly bare: (url: string) => Promise<Contender>
  }
}
