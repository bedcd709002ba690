import { type ChildProcess, execFile, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { chown, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from './debian-package.ts'
import { freePort } from './free-port.ts'

const run = promisify(execFile)

/** Where Debian keeps what is not for the `PATH`. */
const FOLDERS = [18, 17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin`)

/** What initdb has made is copied for each server of a run of the tests, whose workers have one parent. */
const TEMPLATE = join(tmpdir(), `headwater-postgres-template-${process.env['VITEST'] ? process.ppid : process.pid}`)

/** The folder of Postgres' programs; `undefined` where the tests against it have to be skipped. */
export function findPostgres(): string | undefined {
  const program = findProgram({
    package: 'postgresql',
    names: ['initdb'],
    folders: FOLDERS,
    variable: 'POSTGRES_INITDB_PATH',
    neededBy: 'The tests against Postgres',
  })
  return program && dirname(program)
}

export interface PostgresServerOptions {
  /** Whether what was committed survives more than a kill of the process. Default `false`: faster. */
  readonly fsync?: boolean | undefined
  /** More of its settings, such as `{ max_connections: '10' }`. */
  readonly settings?: Readonly<Record<string, string>> | undefined
}

/** A Postgres of the test's own, on a port and in a folder that nobody else uses, not run by root. */
export class PostgresServer {
  readonly port: number
  readonly url: string
  readonly #programs: string
  readonly #folder: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  private constructor(programs: string, port: number, folder: string, { fsync, settings }: PostgresServerOptions) {
    this.port = port
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`
    this.#programs = programs
    this.#folder = folder
    const all = {
      port: String(port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      shared_buffers: '32MB',
      fsync: fsync ? 'on' : 'off',
      ...settings,
    }
    this.#args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  }

  /** Resolves when it accepts connections. */
  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const programs = findPostgres()
    if (programs === undefined) throw new Error('There is no Postgres: skip the tests that need one')
    const folder = await createFolder()
    const server = new PostgresServer(programs, await freePort(), folder, options)
    try {
      await copyTemplate(programs, folder)
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
    // Processes of the one that was killed may take a moment to notice.
    for (let attempts = 100; ; attempts--) {
      try {
        return await this.#run()
      } catch (error) {
        if (attempts === 0 || !/still in use|lock file/.test(String(error))) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }

  /** Ends it without a chance to say good-bye: kill -9, or its own immediate shutdown. Resolves when it is gone. */
  async kill(signal: 'SIGKILL' | 'SIGQUIT' = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await gone
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    await this.kill('SIGQUIT')
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 })
  }

  #run(): Promise<void> {
    const command = join(this.#programs, 'postgres')
    const child = spawn(command, ['-D', this.#folder, ...this.#args], {
      ...unprivileged(),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    return new Promise((resolve, reject) => {
      let output = ''
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        if (output.length < 100_000) output += text
        if (output.includes('ready to accept connections')) resolve()
      })
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`Postgres ended with ${code}:\n${output}`)))
    })
  }
}

/** Removes what the run of the tests has made for all its servers. */
export async function removePostgresTemplate(): Promise<void> {
  await rm(join(tmpdir(), `headwater-postgres-template-${process.pid}`), { recursive: true, force: true })
}

/** Postgres refuses to be run by root. */
function unprivileged(): Pick<SpawnOptions, 'uid' | 'gid'> {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = ['-u', '-g'].map((option) =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' })),
  )
  return { uid: uid as number, gid: gid as number }
}

async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headwater-postgres-'))
  const { uid, gid } = unprivileged()
  if (uid !== undefined && gid !== undefined) await chown(folder, uid, gid)
  return folder
}

async function copyTemplate(programs: string, folder: string): Promise<void> {
  if ((await stat(TEMPLATE).catch(() => undefined)) === undefined) await makeTemplate(programs)
  await run('cp', ['-a', `${TEMPLATE}/.`, folder], unprivileged())
}

/** The first one that is ready is everybody's. */
async function makeTemplate(programs: string): Promise<void> {
  const folder = await createFolder()
  const args = ['-D', folder, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync']
  await run(join(programs, 'initdb'), args, unprivileged())
  await rename(folder, TEMPLATE).catch(() => rm(folder, { recursive: true, force: true }))
}
