import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './debian-package.ts'
import { freePort } from './free-port.ts'

/** Debian's own script wants to be root or the user rabbitmq, and to log where it likes: the one below it does not. */
const SCRIPT = '/usr/lib/rabbitmq/bin/rabbitmq-server'

/** The path of a rabbitmq-server; `undefined` where the tests against RabbitMQ have to be skipped. */
export function findRabbitServer(): string | undefined {
  const found = findProgram({
    package: 'rabbitmq-server',
    names: ['rabbitmq-server'],
    variable: 'RABBITMQ_SERVER_PATH',
    neededBy: 'The tests against RabbitMQ',
  })
  return found === '/usr/sbin/rabbitmq-server' ? SCRIPT : found
}

/** A RabbitMQ of the test's own, on ports and in a folder that nobody else uses. It takes some seconds to start. */
export class RabbitServer {
  readonly url: string
  readonly #command: string
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly #children = new Set<ChildProcess>()
  #server: ChildProcess | undefined

  private constructor(command: string, folder: string, port: number, epmdPort: number, distributionPort: number) {
    this.url = `amqp://guest:guest@127.0.0.1:${port}`
    this.#command = command
    this.#folder = folder
    this.#env = {
      PATH: process.env['PATH'],
      LANG: 'C.UTF-8',
      // Erlang's cookie is in here.
      HOME: folder,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_EPMD_PORT: String(epmdPort),
      RABBITMQ_NODENAME: `headwater-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(port),
      RABBITMQ_DIST_PORT: String(distributionPort),
      RABBITMQ_BASE: folder,
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_LOGS: '-',
      RABBITMQ_CONF_ENV_FILE: join(folder, 'env.conf'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    }
  }

  /** Resolves when it accepts connections. */
  static async start(): Promise<RabbitServer> {
    const command = findRabbitServer()
    if (command === undefined) throw new Error('There is no rabbitmq-server: skip the tests that need one')
    const folder = await mkdtemp(join(tmpdir(), 'headwater-rabbitmq-'))
    const [port, epmdPort, distributionPort] = [await freePort(), await freePort(), await freePort()]
    const server = new RabbitServer(command, folder, port, epmdPort, distributionPort)
    try {
      await writeFile(join(folder, 'plugins'), '[].')
      await writeFile(join(folder, 'env.conf'), '')
      await writeFile(join(folder, 'rabbitmq.conf'), 'log.console.level = info\n')
      server.#spawn('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'])
      await server.#run()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  /** kill -9, and starts it again on the same port and in the same folder. */
  async restart(): Promise<void> {
    if (this.#server !== undefined) await kill(this.#server)
    await this.#run()
  }

  /** SIGSTOP: it keeps its connections and answers nobody, as behind a network that swallows packets. */
  freeze(): void {
    if (this.#server?.pid !== undefined) process.kill(-this.#server.pid, 'SIGSTOP')
  }

  /** Goes on after `freeze()`. */
  thaw(): void {
    if (this.#server?.pid !== undefined) process.kill(-this.#server.pid, 'SIGCONT')
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    await Promise.all([...this.#children].map(kill))
    await rm(this.#folder, { recursive: true, force: true })
  }

  #spawn(command: string, args: readonly string[]): ChildProcess {
    // A group of its own: the script starts Erlang, which starts helpers.
    const child = spawn(command, args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    this.#children.add(child)
    return child
  }

  #run(): Promise<void> {
    const child = this.#spawn(this.#command, [])
    this.#server = child
    return new Promise((resolve, reject) => {
      let output = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text: string) => {
          output = (output + text).slice(-10_000)
          if (output.includes('Server startup complete')) resolve()
        })
      }
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`rabbitmq-server ended with ${code}:\n${output}`)))
    })
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  process.kill(-child.pid, 'SIGKILL')
  await gone
}
