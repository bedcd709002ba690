import { type EventSource, isEventSource } from '../../event/event-iterator.ts'
import { leaveStream } from '../../event/leave-stream.ts'
import { CallTally, type Load } from './run-calls.ts'

/** What streams came to. */
export class StreamTally extends CallTally {
  events = 0
  cuts = 0
  gaps = 0
  /** Streams that are over before their time. */
  ended = 0
}

/** Opens as many streams as calls would be under way, and reads them for a while. Opening them is what takes its time. */
export async function runStreams(
  open: (worker: number, tally: StreamTally) => Promise<unknown>,
  load: Load,
  tally: StreamTally,
): Promise<void> {
  const streams: EventSource[] = []
  const opening = Array.from({ length: load.concurrency }, async (_, worker) => {
    const startedAt = performance.now()
    tally.started++
    try {
      const stream = await open(worker, tally)
      tally.latencies.add(performance.now() - startedAt)
      if (isEventSource(stream)) streams.push(stream)
    } catch (error) {
      if (!load.signal.aborted) tally.fail(error)
    }
  })
  await Promise.all(opening)
  const countFrom = performance.now() + load.warmup
  const endsAt = countFrom + load.duration
  const timer = setTimeout(() => leave(), load.warmup + load.duration)
  const leave = (): void => {
    streams.forEach(leaveStream)
  }
  load.signal.addEventListener('abort', leave, { once: true })
  await Promise.all(
    streams.map(async (stream) => {
      try {
        while (!load.signal.aborted && performance.now() < endsAt) {
          const { done } = await stream.next()
          if (done) break
          if (performance.now() >= countFrom) tally.events++
        }
      } catch (error) {
        if (!load.signal.aborted) tally.fail(error)
      }
      if (performance.now() < endsAt && !load.signal.aborted) tally.ended++
    }),
  )
  clearTimeout(timer)
  load.signal.removeEventListener('abort', leave)
  leave()
  tally.elapsed = Math.max(1, performance.now() - countFrom)
}
