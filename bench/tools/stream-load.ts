import type { Figure } from './case.ts'
import { CountingSocket } from './counting-socket.ts'
import { MeasuredProcess } from './measured-process.ts'
import { measureWork } from './measured-work.ts'

export interface StreamLoad {
  /** The built script of the server, which answers to `port` and `request`. */
  readonly script: string
  readonly args?: readonly string[]
  readonly mark: string
  /** Of each stream. */
  readonly events: number
  /** Streams, one after the other; as many again come before and do not count. */
  readonly streams: number
}

/** Opens streams that send so many events by themselves. */
export async function measureStream({ script, args = [], mark, events, streams }: StreamLoad): Promise<Figure> {
  const server = await MeasuredProcess.start(script, args)
  try {
    const port = await server.ask<number>('port')
    const request = await server.ask<string>('request', events)
    const readAll = async (): Promise<void> => {
      const socket = await CountingSocket.connect(port, mark)
      await new Promise<void>((resolve) => {
        let left = events
        socket.onMark = () => --left === 0 && resolve()
        socket.send(request)
      })
      socket.close()
    }
    const work = async (): Promise<void> => {
      for (let count = 0; count < streams; count++) await readAll()
    }
    await work()
    return await measureWork(server, events * streams, work)
  } finally {
    await server.stop()
  }
}
