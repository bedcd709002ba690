import { type Cell, hasPorts } from './cells.ts'
import { Child } from './child.ts'
import type { LogSetting } from './program/commands.ts'
import { FaultProxy } from './proxy.ts'

export interface HostsOptions {
  readonly path: string
  readonly cell: Cell
  readonly log: LogSetting
  readonly stretch: number
  readonly onMessage: (message: any, from: Child) => void
}

/** A place for one process after the other. */
export interface Slot {
  readonly name: string
  readonly isServer: boolean
  /** In front of the servers that a client's connections go to. */
  readonly proxy: FaultProxy | undefined
  child: Child
  /** Where it listens; none while it is not there. */
  port: number | undefined
  /** Whether something is being done to it. */
  isStruck: boolean
}

/** The processes of a run: servers, and clients each behind a proxy of its own. */
export class Hosts {
  readonly servers: Slot[] = []
  readonly clients: Slot[] = []
  readonly #options: HostsOptions
  #born = 0
  #turn = 0
  /** Whether the clients have to be what they connect to. */
  #isAlone = false

  constructor(options: HostsOptions) {
    this.#options = options
  }

  async start(servers: number, clients: number): Promise<void> {
    this.#isAlone = servers === 0
    const open = async (name: string, isServer: boolean): Promise<Slot> => {
      const proxy = isServer ? undefined : await FaultProxy.open(() => this.#nextPort())
      const child = this.#spawn(name)
      return { name, isServer, proxy, child, port: await this.#serve(child, isServer), isStruck: false }
    }
    const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1)
    this.servers.push(...(await Promise.all(numbers(servers).map((number) => open(`server${number}`, true)))))
    this.clients.push(...(await Promise.all(numbers(clients).map((number) => open(`client${number}`, false)))))
  }

  /** Those that can publish. */
  get publishers(): Slot[] {
    return (hasPorts(this.#options.cell) ? this.all : this.servers).filter(
      ({ child, port }) => !child.isOver && port !== undefined,
    )
  }

  get all(): Slot[] {
    return [...this.servers, ...this.clients]
  }

  /** Another process in the place of one that is gone or about to go. */
  async replace(slot: Slot): Promise<void> {
    const child = this.#spawn(slot.name)
    const port = await this.#serve(child, slot.isServer)
    Object.assign(slot, { child, port })
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ child }) => child.kill()))
    await Promise.all(this.clients.map(({ proxy }) => proxy?.close()))
  }

  #spawn(name: string): Child {
    const { path, stretch, onMessage } = this.#options
    return new Child({ path, name: `${name}.${++this.#born}`, stretch, onMessage })
  }

  /** Servers serve, and so does a client that has its service on the other side of a message port. */
  async #serve(child: Child, isServer: boolean): Promise<number | undefined> {
    const serves = isServer || hasPorts(this.#options.cell)
    const command = { do: 'serve', log: this.#options.log, listen: isServer || this.#isAlone } as const
    const answer = await child.ask(serves ? command : { do: 'hello' }, 'ready')
    return serves ? answer?.ready : undefined
  }

  /** One server after the other. */
  #nextPort(): number | undefined {
    const ports = (this.#isAlone ? this.clients : this.servers).flatMap(({ port }) => port ?? [])
    return ports[this.#turn++ % ports.length]
  }
}
