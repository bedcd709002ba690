import type { Happening } from './history.ts'
import type { Hosts, Slot } from './hosts.ts'
import type { ReadCommand } from './program/commands.ts'

interface Reading {
  readonly command: Omit<ReadCommand, 'port'>
  readonly slot: Slot
  /** The last event that it has handled: where it goes on after its process was killed. */
  last: string
  isLeaving: boolean
  /** Whether its process has begun to do as it was told. */
  isOpen: boolean
}

/** Who reads, in which process, and how far they have come. */
export class Readership {
  readonly #hosts: Hosts
  readonly #tell: (happening: Happening) => void
  readonly #readings = new Map<string, Reading>()

  constructor(hosts: Hosts, tell: (happening: Happening) => void) {
    this.#hosts = hosts
    this.#tell = tell
  }

  get isEmpty(): boolean {
    return this.#readings.size === 0
  }

  /** Whether all have opened their streams who are not about to leave. */
  get isOpen(): boolean {
    return [...this.#readings.values()].every((one) => one.isOpen || one.isLeaving)
  }

  join(client: number, command: Omit<ReadCommand, 'port'>): void {
    const slot = this.#hosts.clients[client] as Slot
    this.#readings.set(command.reader, { command, slot, last: command.after, isLeaving: false, isOpen: false })
    if (!slot.child.isOver) this.#begin(this.#readings.get(command.reader) as Reading)
  }

  leave(reader: string): void {
    const reading = this.#readings.get(reader)
    if (reading === undefined) return
    reading.isLeaving = true
    this.#tell({ type: 'leaving', reader })
    reading.slot.child.tell({ do: 'leave', reader })
  }

  leaveAll(): void {
    for (const reader of this.#readings.keys()) this.leave(reader)
  }

  hear(message: any): void {
    const reading = this.#readings.get(message.reader)
    if (reading === undefined) return
    if (message.type === 'open') reading.isOpen = true
    if (message.type === 'seen') reading.last = message.id
    if (message.type === 'gap') reading.last = message.oldest ?? 'start'
    if (message.type === 'left') this.#readings.delete(message.reader)
  }

  /** A client's process was killed. */
  gone(slot: Slot): void {
    for (const [reader, reading] of [...this.#readings]) {
      if (reading.slot !== slot) continue
      reading.isOpen = false
      this.#tell({ type: 'left', reader })
      if (reading.isLeaving) this.#readings.delete(reader)
    }
  }

  /** There is another one: its readers go on behind what they have handled. */
  back(slot: Slot): void {
    for (const reading of this.#readings.values()) if (reading.slot === slot) this.#begin(reading)
  }

  #begin({ command, slot, last }: Reading): void {
    const via = last === command.after ? command.via : 'subscription'
    slot.child.tell({ ...command, via, after: last, port: slot.proxy?.port ?? 0 })
  }
}
