import type { ConnectionState } from '../../event/connection-state.ts'
import type { InspectorSample } from '../inspector-contract.ts'
import { inspector } from './clients.ts'

const KEPT = 180

/** How long a feed that has failed for good waits before it is asked for again, in ms. */
const RETRY = 5000

/** The samples as they come, those of the last minutes at hand. */
export class LiveFeed {
  readonly samples: InspectorSample[] = []
  readonly #onSample: () => void
  readonly #onState: (state: ConnectionState) => void

  constructor(onSample: () => void, onState: (state: ConnectionState) => void) {
    this.#onSample = onSample
    this.#onState = onState
  }

  async run(): Promise<never> {
    for (;;) {
      try {
        const options = { onConnectionState: this.#onState, resume: 'always' as const }
        for await (const sample of await inspector.samples(undefined, options)) {
          // A server that has started anew tells of its own last minutes; those of before it stay.
          if (sample.at <= (this.samples.at(-1)?.at ?? 0)) continue
          this.samples.push(sample)
          if (this.samples.length > KEPT) this.samples.shift()
          this.#onSample()
        }
      } catch (error) {
        this.#onState({ status: 'closed', error })
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY))
    }
  }
}
