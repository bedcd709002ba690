import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { PortFault } from './commands.ts'

interface Pipe {
  readonly ends: readonly MessagePort[]
  isDead: boolean
}

/** How late messages are, in ms. */
const DELAY = 40

/** Makes message ports between a client and a service of one process, with faults in the middle. */
export class Ports {
  readonly #pipes = new Set<Pipe>()
  #how: PortFault = 'none'
  #held: (() => void)[] = []

  /** The two outer ends of a new connection. */
  dial(): { readonly client: MessagePort; readonly server: MessagePort } {
    const [near, far] = [new MessageChannel(), new MessageChannel()]
    const pipe: Pipe = { ends: [near.port2, far.port1], isDead: false }
    this.#pipes.add(pipe)
    this.#connect(pipe, near.port2, far.port1)
    this.#connect(pipe, far.port1, near.port2)
    return { client: near.port1, server: far.port2 }
  }

  set(how: PortFault): void {
    this.#how = how
    if (how === 'half-open') for (const pipe of this.#pipes) pipe.isDead = true
    if (how === 'cut') for (const pipe of this.#pipes) for (const end of pipe.ends) end.close()
    if (how === 'none') for (const send of this.#held.splice(0)) send()
  }

  #connect(pipe: Pipe, from: MessagePort, to: MessagePort): void {
    // Ports keep their order: while some are on their way, nothing overtakes them.
    let late = 0
    const delay = (send: () => void): void => {
      late++
      setTimeout(() => {
        late--
        send()
      }, DELAY)
    }
    from.on('message', (message) => {
      if (pipe.isDead) return
      const send = (): void => to.postMessage(message)
      if (this.#how === 'stall' || this.#held.length > 0) this.#held.push(send)
      else if (this.#how === 'delay' || late > 0) delay(send)
      else send()
    })
    from.on('close', () => {
      this.#pipes.delete(pipe)
      to.close()
    })
  }
}
