import type { Happening } from './history.ts'
import type { Hosts, Slot } from './hosts.ts'
import type { PublishCommand } from './program/commands.ts'

/** So often is an event published again whose fate is unknown. */
const MAX_ATTEMPTS = 40

interface Pending {
  readonly command: PublishCommand
  readonly host: string
}

/** Has events published, and again those with keys until it is known that they are there. */
export class Publications {
  readonly #hosts: Hosts
  readonly #tell: (happening: Happening) => void
  /** By event and host. */
  readonly #pending = new Map<string, Pending>()
  #waiting = 0
  #isStopped = false
  /** When an unanswered publish began last; it is asked for by those who wait for the end. */
  readonly acked: Map<string, number> = new Map()

  constructor(hosts: Hosts, tell: (happening: Happening) => void) {
    this.#hosts = hosts
    this.#tell = tell
  }

  /** Whether everything that was published has met its fate. */
  get areSettled(): boolean {
    return this.#pending.size === 0 && this.#waiting === 0
  }

  get left(): string[] {
    return [...this.#pending.keys()]
  }

  publish(command: PublishCommand, host: number): void {
    const { publishers } = this.#hosts
    const slot = publishers[host % publishers.length]
    if (slot === undefined) this.#later(command, host)
    else this.#send(command, slot)
  }

  race(command: PublishCommand): void {
    for (const slot of this.#hosts.publishers) this.#send(command, slot)
  }

  /** What a host says of an event that it was told to publish. */
  settle(event: string, host: string, type: 'acked' | 'refused' | 'unknown', code?: string): void {
    const pending = this.#pending.get(`${event} ${host}`)
    if (pending === undefined) return
    this.#pending.delete(`${event} ${host}`)
    const { command } = pending
    if (type === 'acked' || code === 'ROLLBACK') return
    if (command.how === 'keyed') {
      const events = command.events.filter((one) => one.event === event)
      this.#again({ ...command, events })
    } else if (command.how === 'batch' && command.events.at(-1)?.event === event) this.#again(command)
  }

  /** A process is gone: what it had not answered may have been done or not. */
  forget(host: string): void {
    for (const [key, { host: name, command }] of [...this.#pending]) {
      if (name !== host) continue
      const event = key.slice(0, key.lastIndexOf(' '))
      this.#tell({ type: command.how === 'rollback' ? 'refused' : 'unknown', event, code: 'GONE' })
      this.settle(event, host, 'unknown', command.how === 'rollback' ? 'ROLLBACK' : 'GONE')
    }
  }

  #again(command: PublishCommand): void {
    if (command.attempt < MAX_ATTEMPTS) this.#later({ ...command, attempt: command.attempt + 1 }, command.attempt)
  }

  /** Nothing is published again. */
  stop(): void {
    this.#isStopped = true
  }

  #later(command: PublishCommand, host: number): void {
    if (this.#isStopped) return
    this.#waiting++
    setTimeout(() => {
      this.#waiting--
      this.publish(command, host + 1)
    }, 50)
  }

  #send(command: PublishCommand, { child }: Slot): void {
    const own = { ...command, publisher: child.name }
    for (const { event } of own.events) this.#pending.set(`${event} ${child.name}`, { command: own, host: child.name })
    child.tell(own)
  }
}
