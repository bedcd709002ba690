import { FAULTS, hindersPublishers, losesHistory } from './cells.ts'
import type { Engine } from './engines.ts'
import type { Happening } from './history.ts'
import type { Hosts, Slot } from './hosts.ts'
import type { Step } from './plan.ts'
import type { Command, PortFault } from './program/commands.ts'
import type { WakeFault } from './program/wakes.ts'
import type { FaultProxy, NetworkFault } from './proxy.ts'

type Strike = Extract<Step, { do: 'strike' }>

export interface StrikerOptions {
  readonly cell: Parameters<typeof losesHistory>[1]
  readonly space: string
  readonly stretch: number
  readonly hosts: Hosts
  readonly engine: Engine
  /** Between the hosts and the engine. */
  readonly engineProxy: FaultProxy | undefined
  readonly tell: (happening: Happening) => void
  /** A client's process was killed, and another one is there: its readers have to come back. */
  readonly onClientKilled: (slot: Slot) => void
  readonly onClientBack: (slot: Slot) => void
  readonly onHostGone: (name: string) => void
}

/** Does the plan's faults to the run, and takes them back. */
export class Striker {
  readonly #options: StrikerOptions
  readonly #underWay = new Set<Promise<void>>()
  #count = 0
  #isEngineStruck = false

  constructor(options: StrikerOptions) {
    this.#options = options
  }

  strike(strike: Strike): void {
    const work = this.#strike(strike).finally(() => this.#underWay.delete(work))
    this.#underWay.add(work)
  }

  /** Resolves when all faults are over. */
  async healed(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  async #strike(strike: Strike): Promise<void> {
    const { fault, lasts } = strike
    const { tell, cell } = this.#options
    const remedy = this.#begin(strike)
    if (remedy === undefined) return
    const name = `${fault} ${++this.#count}`
    const harms = { losesHistory: losesHistory(fault, cell), hindersPublishers: hindersPublishers(fault, cell) }
    tell({ type: 'fault', fault: name, target: remedy.target, ...harms })
    await remedy.begin?.()
    await sleep(lasts * this.#options.stretch)
    await remedy.end()
    tell({ type: 'healed', fault: name })
  }

  #begin({ fault, target, by }: Strike): Remedy | undefined {
    const { hosts, engine, engineProxy } = this.#options
    switch (FAULTS[fault].kind) {
      case 'network': {
        const clients = target === 3 ? hosts.clients : [pick(hosts.clients, target)]
        for (const { proxy } of clients) proxy?.strike(fault as NetworkFault)
        return { target: names(clients), end: () => clients.forEach(({ proxy }) => void proxy?.heal()) }
      }
      case 'port': {
        const clients = [pick(hosts.clients, target)]
        const how = fault.replace('-port', '') as PortFault
        const set = (how: PortFault): void => clients.forEach(({ child }) => void child.tell({ do: 'ports', how }))
        set(how)
        return { target: names(clients), end: () => set('none') }
      }
      case 'engine-network': {
        engineProxy?.strike(fault.replace('-log', '') as NetworkFault)
        return { target: 'log', end: () => engineProxy?.heal() }
      }
      case 'engine':
        return this.#strikeEngine(fault, engine)
      case 'process': {
        const tellAll = (command: Command): void => hosts.all.forEach(({ child }) => void child.tell(command))
        const calm: Command = fault === 'clock' ? { do: 'clock', by: 0 } : { do: 'wakes', how: 'normal' }
        if (fault === 'clock') pick(hosts.all, target).child.tell({ do: 'clock', by })
        else tellAll({ do: 'wakes', how: fault.replace('-wakes', '') as WakeFault })
        return { target: fault === 'clock' ? pick(hosts.all, target).name : 'all', end: () => tellAll(calm) }
      }
      case 'server':
        return this.#strikeProcess(fault, pick(hosts.servers, target))
      case 'client':
        return this.#strikeProcess(fault, pick(hosts.clients, target))
      case 'setting':
        return undefined
    }
  }

  #strikeEngine(fault: Strike['fault'], engine: Engine): Remedy | undefined {
    if (this.#isEngineStruck) return undefined
    this.#isEngineStruck = true
    const over = (): void => {
      this.#isEngineStruck = false
    }
    if (fault === 'freeze-log') {
      return {
        target: 'log',
        begin: async () => void (await engine.freeze?.()),
        async end() {
          engine.thaw?.()
          over()
        },
      }
    }
    if (fault === 'flush-log') return { target: 'log', begin: () => engine.flush?.(this.#options.space), end: over }
    return {
      target: 'log',
      begin: () => engine.kill?.(),
      async end() {
        await engine.restart?.()
        over()
      },
    }
  }

  #strikeProcess(fault: Strike['fault'], slot: Slot): Remedy | undefined {
    if (slot.isStruck) return undefined
    slot.isStruck = true
    const { hosts, onHostGone, onClientKilled, onClientBack } = this.#options
    const { child } = slot
    const over = (): void => {
      slot.isStruck = false
    }
    if (fault === 'stop-server' || fault === 'stop-client') {
      child.signal('SIGSTOP')
      return {
        target: slot.name,
        end() {
          child.signal('SIGCONT')
          over()
        },
      }
    }
    if (fault === 'deploy') {
      return {
        target: slot.name,
        // The new one is there before the old one goes.
        begin: () => hosts.replace(slot),
        async end() {
          child.signal('SIGTERM')
          await child.ended
          onHostGone(child.name)
          over()
        },
      }
    }
    return {
      target: slot.name,
      async begin() {
        slot.port = undefined
        await child.kill()
        onHostGone(child.name)
        if (!slot.isServer) onClientKilled(slot)
      },
      async end() {
        await hosts.replace(slot)
        if (!slot.isServer) onClientBack(slot)
        over()
      },
    }
  }
}

interface Remedy {
  readonly target: string
  begin?(): Promise<void> | undefined
  end(): unknown
}

function pick(slots: readonly Slot[], number: number): Slot {
  return slots[number % slots.length] as Slot
}

function names(slots: readonly Slot[]): string {
  return slots.map(({ name }) => name).join(', ')
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
