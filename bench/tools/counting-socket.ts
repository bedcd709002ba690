import { connect, type Socket } from 'node:net'

/**
 * A client that sends bytes made beforehand and counts how often a mark comes back. It parses nothing: a load generator
 * must cost less than what it measures.
 */
export class CountingSocket {
  readonly #socket: Socket
  readonly #mark: Buffer
  /** Is called for each mark. */
  onMark: () => void = () => {}
  /** The last bytes of what has come, in which a mark may have begun. */
  #rest: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket, mark: string) {
    this.#socket = socket
    this.#mark = Buffer.from(mark)
    socket.on('data', (chunk) => this.#count(chunk)).on('error', () => {})
  }

  static async connect(port: number, mark: string): Promise<CountingSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new CountingSocket(socket, mark)
  }

  send(bytes: Buffer | string): void {
    this.#socket.write(bytes)
  }

  close(): void {
    this.#socket.destroy()
  }

  /** Sends what has to be answered first. Resolves when an answer has come in which the text stands. */
  ask(bytes: Buffer | string, text: string): Promise<void> {
    return new Promise((resolve) => {
      let answer = ''
      const listen = (chunk: Buffer): void => {
        answer += chunk.toString('latin1')
        if (!answer.includes(text)) return
        this.#socket.off('data', listen)
        resolve()
      }
      this.#socket.on('data', listen)
      this.send(bytes)
    })
  }

  #count(chunk: Buffer): void {
    const kept = this.#mark.length - 1
    const seam = Buffer.concat([this.#rest, chunk.subarray(0, kept)])
    if (seam.includes(this.#mark)) this.onMark()
    for (let at = chunk.indexOf(this.#mark); at !== -1; at = chunk.indexOf(this.#mark, at + 1)) this.onMark()
    this.#rest =
      chunk.length >= kept ? chunk.subarray(chunk.length - kept) : Buffer.concat([this.#rest, chunk]).subarray(-kept)
  }
}
