import { expect, vi } from 'vitest'
import { ScriptProcess } from '../tools/script-process.ts'

/** Two processes that serve the same objects over one store. */
export class HostProcesses {
  readonly #store: string
  readonly #processes: ScriptProcess[] = []
  readonly #ports: number[] = []

  /** @param store the URL of Redis, Postgres or NATS. */
  constructor(store: string) {
    this.#store = store
  }

  /** `http://{host}:{port}` of each. */
  get urls(): string[] {
    return this.#ports.map((port) => `http://127.0.0.1:${port}`)
  }

  async start(): Promise<void> {
    await Promise.all([this.#start(0), this.#start(1)])
  }

  /** Kills the first one. It is there again, on the same port, when this resolves. */
  async restartFirst(): Promise<void> {
    await this.#processes[0]?.kill()
    await this.#start(0)
  }

  async kill(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill()))
  }

  async #start(index: number): Promise<void> {
    const process = new ScriptProcess('durable-host.ts', this.#store, String(this.#ports[index] ?? 0))
    this.#processes[index] = process
    await vi.waitFor(() => expect(process.lines).toHaveLength(1), { timeout: 60_000, interval: 20 })
    this.#ports[index] = (process.lines[0] as { port: number }).port
  }
}
