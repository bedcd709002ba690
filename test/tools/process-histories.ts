import { expect, vi } from 'vitest'
import { formatId } from '../../src/publisher/position.ts'
import { ScriptProcess } from './script-process.ts'
import { openLog } from './streaming-logs.ts'

type Place = readonly [id: string, event: string]

interface Line {
  readonly ready?: true
  readonly seen?: Place
  readonly acked?: Place
  readonly unknown?: string
}

export interface HistoriesOptions {
  readonly kind: string
  readonly url: string
  /** How many events each process publishes. */
  readonly count: number
  /** Restarts the server. */
  readonly restart?: () => Promise<void>
  /** At which parts of their work that happens. */
  readonly restartAt?: readonly number[]
}

const NAMES = ['a', 'b'] as const

const linesOf = ({ lines }: ScriptProcess): Line[] => lines as Line[]
const seenBy = (process: ScriptProcess): Place[] => linesOf(process).flatMap(({ seen }) => (seen ? [seen] : []))
const ackedBy = (process: ScriptProcess): Place[] => linesOf(process).flatMap(({ acked }) => (acked ? [acked] : []))
const unknownTo = (process: ScriptProcess): string[] => linesOf(process).flatMap(({ unknown }) => unknown ?? [])

/**
 * Two processes publish to one channel and subscribe to it, while the server may be restarted. Then it holds that

 * - both have seen the same events with the same ids in one order, which is that of the log (P3, S1);
 * - what was acknowledged is there, under its id, once, and in the order of its publisher (P1, P2, P3);
 * - nothing else is there than what was acknowledged, or of which nobody knew what became.
 */
export async function checkHistories({ kind, url, count, restart, restartAt = [] }: HistoriesOptions): Promise<void> {
  const { log, close } = await openLog(kind, url)
  const processes = NAMES.map(
    (name) =>
      new ScriptProcess(
        'publish-through-log.ts',
        ...[kind, url, 'c', String(count), name, ...NAMES.filter((other) => other !== name)],
      ),
  )
  try {
    const areReady = (): void => expect(processes.every((process) => process.lines.length > 0)).toBe(true)
    await vi.waitFor(areReady, { timeout: 40_000, interval: 20 })
    await log.append('c', [{ data: '{"json":{"event":"go"}}' }], { retention: {} })
    for (const part of restartAt) {
      const isThere = (): void =>
        expect(processes.every((process) => ackedBy(process).length >= part * count)).toBe(true)
      await vi.waitFor(isThere, { timeout: 40_000, interval: 5 })
      await restart?.()
    }
    expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual([0, 0])

    const { records, position } = await log.read('c', 'start', { records: 1e6, bytes: 1e9 })
    const stored = records.map(
      ({ offset, tag, data }): Place => [formatId({ ...position, offset, tag }), JSON.parse(data).json.event],
    )
    expect(new Set(stored.map(([, event]) => event)).size).toBe(stored.length)
    for (const process of processes) {
      const seen = seenBy(process)
      // It leaves with the other's end.
      expect(seen).toEqual(stored.slice(0, seen.length))
    }
    for (const [index, process] of processes.entries()) {
      const unknown = new Set(unknownTo(process))
      const own = stored.filter(([, event]) => event.startsWith(`${NAMES[index]}/`))
      expect(own.filter(([, event]) => !unknown.has(event))).toEqual(ackedBy(process))
      expect(ackedBy(process).length + unknown.size).toBeGreaterThan(count)
    }
  } finally {
    await Promise.all(processes.map((process) => process.kill()))
    await log.close()
    await close()
  }
}
