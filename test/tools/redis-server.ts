import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './debian-package.ts'
import { freePort } from './free-port.ts'

/** The path of a redis-server; `undefined` where the tests against Redis have to be skipped. */
export function findRedisServer(): string | undefined {
  return findProgram({
    package: 'redis-server',
    names: ['redis-server'],
    variable: 'REDIS_SERVER_PATH',
    neededBy: 'The tests against Redis',
  })
}

export interface RedisServerOptions {
  /** Whether what was written survives `kill()`: an append-only file, synced at every write. Default `false`. */
  readonly appendOnly?: boolean | undefined
  /** More of its own options, such as `['--maxmemory', '10mb']`. */
  readonly args?: readonly string[] | undefined
}

/** A redis-server of the test's own, on a port and in a folder that nobody else uses. */
export class RedisServer {
  readonly port: number
  readonly url: string
  readonly #command: string
  readonly #args: readonly string[]
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(command: string, port: number, folder: string, { appendOnly, args = [] }: RedisServerOptions) {
    this.port = port
    this.url = `redis://127.0.0.1:${port}`
    this.#command = command
    this.#folder = folder
    const durability = appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []
    const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
    this.#args = [...place, '--save', '', ...durability, ...args]
  }

  /** Resolves when it accepts connections. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const command = findRedisServer()
    if (command === undefined) throw new Error('There is no redis-server: skip the tests that need one')
    const folder = await mkdtemp(join(tmpdir(), 'headwater-redis-'))
    const server = new RedisServer(command, await freePort(), folder, options)
    try {
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
  freeze(): void {
    this.#child?.kill('SIGSTOP')
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
    const child = spawn(this.#command, this.#args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    return new Promise((resolve, reject) => {
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (output.includes('Ready to accept connections')) resolve()
      })
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${output}`)))
    })
  }
}
