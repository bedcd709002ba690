import type { Memory } from './measured-process.ts'

declare const gc: () => void

/** The other end of a `MeasuredProcess`: answers to its commands, and ends with the process that has started it. */
export function answerCommands(commands: Readonly<Record<string, (argument: any) => unknown>>): void {
  const all: typeof commands = { cpu: cpuTime, memory, ...commands }
  process.on('message', async ({ id, command, argument }: { id: number; command: string; argument: unknown }) => {
    try {
      process.send?.({ id, value: await all[command]?.(argument) })
    } catch (error) {
      process.send?.({ id, error: String((error as Error).stack) })
    }
  })
  process.once('disconnect', () => process.exit())
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** Collected several times: what is released by one collection may hold what the next one finds. */
async function memory(): Promise<Memory> {
  for (let times = 0; times < 4; times++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss, heap: heapUsed + external }
}
