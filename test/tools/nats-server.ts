import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './debian-package.ts'
import { freePort } from './free-port.ts'

/** The path of a nats-server; `undefined` where the tests against NATS have to be skipped. */
export function findNatsServer(): string | undefined {
  return findProgram({
    package: 'nats-server',
    names: ['nats-server'],
    variable: 'NATS_SERVER_PATH',
    neededBy: 'The tests against NATS',
  })
}

export interface NatsServerOptions {
  /** What all streams may take on its disk. Default: whatever there is. */
  readonly maxFileStore?: string | undefined
  /** What a message may take. Default 8MB. */
  readonly maxPayload?: string | undefined
}

/** A nats-server of the test's own with JetStream, on a port and in a folder that nobody else uses. */
export class NatsServer {
  readonly url: string
  readonly #command: string
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(command: string, port: number, folder: string) {
    this.url = `nats://127.0.0.1:${port}`
    this.#command = command
    this.#folder = folder
  }

  /** Resolves when it accepts connections. */
  static async start({ maxFileStore, maxPayload = '8MB' }: NatsServerOptions = {}): Promise<NatsServer> {
    const command = findNatsServer()
    if (command === undefined) throw new Error('There is no nats-server: skip the tests that need one')
    const folder = await mkdtemp(join(tmpdir(), 'headwater-nats-'))
    const port = await freePort()
    const server = new NatsServer(command, port, folder)
    const store = [`store_dir: "${folder}"`, ...(maxFileStore === undefined ? [] : [`max_file_store: ${maxFileStore}`])]
    const settings = [`listen: "127.0.0.1:${port}"`, `max_payload: ${maxPayload}`, `jetstream { ${store.join(', ')} }`]
    try {
      await writeFile(join(folder, 'nats.conf'), settings.join('\n'))
      await server.#run()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** Starts it again on the same port and in the same folder, after `kill()` or in place of the one that runs. */
  async restart(): Promise<void> {
    await this.kill()
    await this.#run()
  }

  /** kill -9: no chance to say good-bye. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  /** SIGSTOP: it keeps its connections and answers nobody, as behind a network that swallows packets. */
  async freeze(): Promise<void> {
    const { pid } = this.#child ?? {}
    if (pid === undefined) return
    process.kill(pid, 'SIGSTOP')
    // Until then it may still answer.
    const isStopped = async (): Promise<boolean> => / [Tt] /.test(await readFile(`/proc/${pid}/stat`, 'utf8'))
    while (!(await isStopped())) await new Promise(setImmediate)
  }

  /** Goes on after `freeze()`. */
  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #run(): Promise<void> {
    const child = spawn(this.#command, ['-c', join(this.#folder, 'nats.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    return new Promise((resolve, reject) => {
      let output = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (output.includes('Server is ready')) resolve()
      })
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}:\n${output}`)))
    })
  }
}
