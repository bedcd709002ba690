import { EVENT_MARK } from './bench-event.ts'
import type { Figure } from './case.ts'
import { CountingSocket } from './counting-socket.ts'
import type { OpeningStep } from './fan-out-server.ts'
import { MeasuredProcess } from './measured-process.ts'
import { measureWork } from './measured-work.ts'

export interface FanOut {
  /** The built script of the server, which answers to `port`, `opening` and `publish`. */
  readonly script: string
  readonly args?: readonly string[]
  readonly subscribers: number
  readonly channels: number
  /** Events delivered, all subscribers together. */
  readonly deliveries: number
}

/** How long subscribers may take to be there, in ms. */
const PATIENCE = 60_000

/** Subscribes, publishes, and waits until everybody has everything, batch after batch; the first half does not count. */
export async function measureFanOut(options: FanOut): Promise<Figure> {
  const load = await FanOutLoad.start(options)
  try {
    await load.measure(options.deliveries / 2)
    return await load.measure(options.deliveries)
  } finally {
    await load.stop()
  }
}

/** A server with its subscribers. */
export class FanOutLoad {
  readonly #server: MeasuredProcess
  readonly #crowd: Crowd
  /** Events published before their deliveries are waited for: of all channels, but not so few that asking counts. */
  readonly #batch: number
  readonly #perEvent: number

  private constructor(server: MeasuredProcess, subscribers: number, channels: number) {
    this.#server = server
    this.#crowd = new Crowd(server, channels)
    this.#perEvent = subscribers / channels
    this.#batch = Math.max(channels, Math.ceil(500 / this.#perEvent))
  }

  static async start({ script, args = [], subscribers, channels }: Omit<FanOut, 'deliveries'>): Promise<FanOutLoad> {
    const load = new FanOutLoad(await MeasuredProcess.start(script, args), subscribers, channels)
    try {
      await load.#crowd.join(subscribers)
    } catch (error) {
      await load.stop()
      throw error
    }
    return load
  }

  /** Delivers about so many events, to all subscribers together. */
  measure(deliveries: number): Promise<Figure> {
    const each = this.#batch * this.#perEvent
    const batches = Math.ceil(deliveries / each)
    return measureWork(this.#server, batches * each, async () => {
      for (let done = 0; done < batches; done++) await this.#crowd.deliver(this.#batch, each)
    })
  }

  async stop(): Promise<void> {
    await this.#server.stop()
    this.#crowd.leave()
  }
}

/** All subscribers of a server. */
export class Crowd {
  readonly #server: MeasuredProcess
  readonly #channels: number
  #sockets: CountingSocket[] = []
  #received = 0
  #expected = 0
  #arrived: (() => void) | undefined

  constructor(server: MeasuredProcess, channels: number) {
    this.#server = server
    this.#channels = channels
  }

  /** More subscribers. Resolves when all have received an event, which is how they are known to be there. */
  async join(more: number): Promise<void> {
    await this.open(more)
    const subscribers = this.#sockets.length
    const giveUp = performance.now() + PATIENCE
    const here = new Set<number>()
    for (const [index, socket] of this.#sockets.entries()) socket.onMark = () => here.add(index)
    // Those who come late get several: all of that has to be over before anything is counted.
    while (here.size < subscribers) {
      if (performance.now() > giveUp) throw new Error(`Only ${here.size} of ${subscribers} subscribers get events`)
      await this.#server.ask('publish', { count: this.#channels, channels: this.#channels })
      await new Promise((resolve) => setTimeout(resolve, 100 + subscribers / 20))
    }
    for (const socket of this.#sockets) socket.onMark = this.#count
  }

  /** Opens streams, some at a time. Resolves when all have been answered. */
  async open(subscribers: number): Promise<void> {
    const port = await this.#server.ask<number>('port')
    const openings = await Promise.all(
      Array.from({ length: this.#channels }, (_, channel) =>
        this.#server.ask<readonly OpeningStep[]>('opening', channel),
      ),
    )
    for (let done = 0; done < subscribers; done += 100) {
      const group = Array.from({ length: Math.min(100, subscribers - done) }, async (_, index) => {
        const socket = await CountingSocket.connect(port, EVENT_MARK)
        for (const { bytes, answer } of openings[(done + index) % this.#channels] ?? []) {
          await socket.ask(Buffer.from(bytes, 'base64'), answer)
        }
        return socket
      })
      this.#sockets.push(...(await Promise.all(group)))
    }
  }

  /** Publishes so many events; resolves when all their deliveries have come. */
  async deliver(events: number, deliveries: number): Promise<void> {
    this.#expected = this.#received + deliveries
    const arrived = new Promise<void>((resolve) => {
      this.#arrived = resolve
    })
    await this.#server.ask('publish', { count: events, channels: this.#channels })
    if (this.#received < this.#expected) await arrived
  }

  leave(): void {
    for (const socket of this.#sockets.splice(0)) socket.close()
  }

  readonly #count = (): void => {
    this.#received++
    if (this.#received >= this.#expected) this.#arrived?.()
  }
}
