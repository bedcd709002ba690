import { afterEach, beforeEach, vi } from 'vitest'
import { MemoryLog } from '../../src/publisher/memory-log.ts'
import { Publisher } from '../../src/publisher/publisher.ts'
import { ControlledLog } from './controlled-log.ts'
import { outcome } from './probes.ts'

export type Events = Record<string, any>

/** The store behind both publishers. */
export let memory: MemoryLog
/** The same store as `publisher` sees it: the test decides what it answers and when. */
export let log: ControlledLog
export let publisher: Publisher<Events>
/** As another process: all it shares is the store. */
export let other: Publisher<Events>
/** What `publisher` was told of. */
export let errors: unknown[]

/** Makes the five anew for each test of a file, under fake timers. */
export function useTwoPublishers(): void {
  beforeEach(() => {
    vi.useFakeTimers()
    errors = []
    memory = new MemoryLog()
    log = new ControlledLog(memory)
    publisher = new Publisher<Events>(log, { onError: (error) => errors.push(error) })
    other = new Publisher<Events>(memory)
  })

  afterEach(async () => {
    await Promise.all([outcome(publisher.close()), other.close()])
    await memory.close()
    vi.useRealTimers()
  })
}
