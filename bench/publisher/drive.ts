import { quantile } from '../tools/statistics.ts'
import type { BenchEvent, Contender } from './contender.ts'

export interface Load {
  readonly channels: number
  /** Of each channel. With none, only the acknowledgement is waited for. */
  readonly subscribers: number
  /** Events of each channel that are on their way at once. */
  readonly inFlight: number
  /** How long it is driven, in ms of this process's own CPU time: so much work, however busy the machine is. */
  readonly cpu: number
}

/** Of one run. Times in µs, rates per second. */
export interface Driven {
  readonly events: number
  readonly rate: number
  readonly deliveries: number
  /** Of this process, for each event; and for each delivery. */
  readonly cpu: number
  readonly cpuPerDelivery: number
  readonly ack50: number
  readonly ack99: number
  /** Until the last subscriber has it. */
  readonly end50: number
  readonly end99: number
}

const TEXT = 'x'.repeat(160)

/** Who waits for a server most of the time is not driven for ever. */
const LONGEST_PER_CPU = 20

/** Drives what has been subscribed: every publisher waits until its event is acknowledged and has come to all. */
export class Driver {
  readonly #contender: Contender
  readonly #subscribed = new Map<string, number>()
  readonly #awaited = new Map<number, { left: number; done(): void }>()
  #next = 0

  constructor(contender: Contender) {
    this.#contender = contender
  }

  async drive({ channels, subscribers, inFlight, cpu }: Load): Promise<Driven> {
    const names = Array.from({ length: channels }, (_, index) => `room:${subscribers}:${index}`)
    for (const name of names) await this.#subscribe(name, subscribers)
    const acks: number[] = []
    const ends: number[] = []
    const longest = cpu * LONGEST_PER_CPU
    const [before, start] = [process.cpuUsage(), performance.now()]
    let isOver = false
    const clock = setInterval(() => {
      const { user, system } = process.cpuUsage(before)
      isOver = user + system >= cpu * 1000 || performance.now() - start >= longest
    }, 4)
    const worker = async (channel: string): Promise<void> => {
      for (let turn = 1; !isOver; turn++) {
        const n = this.#next++
        const begin = performance.now()
        const arrived = this.#arrival(n, subscribers)
        await this.#contender.publish(channel, { n, user: 'alice', text: TEXT })
        acks.push((performance.now() - begin) * 1000)
        await arrived
        ends.push((performance.now() - begin) * 1000)
        // Who waits for nothing but promises would keep the clock from ticking.
        if (turn % 64 === 0) await new Promise(setImmediate)
      }
    }
    const stuck = setTimeout(() => {
      throw new Error(`${this.#awaited.size} events have not come to everybody`)
    }, longest + 60_000)
    await Promise.all(names.flatMap((name) => Array.from({ length: inFlight }, () => worker(name))))
    clearTimeout(stuck)
    clearInterval(clock)
    const elapsed = performance.now() - start
    const { user, system } = process.cpuUsage(before)
    const events = acks.length
    return {
      events,
      rate: (events / elapsed) * 1000,
      deliveries: ((events * subscribers) / elapsed) * 1000,
      cpu: (user + system) / events,
      cpuPerDelivery: (user + system) / (events * Math.max(subscribers, 1)),
      ...{ ack50: quantile(acks, 0.5), ack99: quantile(acks, 0.99) },
      ...{ end50: quantile(ends, 0.5), end99: quantile(ends, 0.99) },
    }
  }

  async #subscribe(channel: string, count: number): Promise<void> {
    for (let have = this.#subscribed.get(channel) ?? 0; have < count; have++) {
      await this.#contender.subscribe(channel, this.#received)
      this.#subscribed.set(channel, have + 1)
    }
  }

  readonly #received = ({ n }: BenchEvent): void => {
    const awaited = this.#awaited.get(n)
    if (awaited === undefined || --awaited.left > 0) return
    this.#awaited.delete(n)
    awaited.done()
  }

  #arrival(n: number, left: number): Promise<void> | undefined {
    if (left === 0) return undefined
    return new Promise((done) => this.#awaited.set(n, { left, done }))
  }
}
