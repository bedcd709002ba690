import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram } from './debian-package.ts'
import { freePort } from './free-port.ts'

export type ProxyName = 'nginx' | 'HAProxy' | 'Caddy'

interface Place {
  readonly folder: string
  /** A port for Caddy's own interface. */
  readonly admin: number
  readonly clientTimeout: number
}

interface Program {
  readonly package: string
  /** The whole configuration: what Debian's own file says, but for its places, around a block of the docs. */
  readonly configure: (block: string, place: Place) => string
  readonly args: (file: string, folder: string) => readonly string[]
  readonly reload: (child: ChildProcess, command: string, file: string) => void
}

const PROGRAMS: Readonly<Record<ProxyName, Program>> = {
  nginx: {
    package: 'nginx-light',
    configure: (block, { folder }) => `pid ${folder}/pid;
worker_processes 1;
events { worker_connections 768; }
http {
  sendfile on;
  tcp_nopush on;
  default_type application/octet-stream;
  access_log off;
  gzip on;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${block}
}`,
    args: (file, folder) => ['-p', folder, '-c', file, '-e', `${folder}/log`, '-g', 'daemon off;'],
    reload: (child) => void child.kill('SIGHUP'),
  },
  HAProxy: {
    package: 'haproxy',
    configure: (block, { clientTimeout }) => `defaults
  mode http
  timeout connect 5000
  timeout client ${clientTimeout}
  timeout server 50000
${block}`,
    args: (file, folder) => ['-W', '-db', '-p', `${folder}/pid`, '-f', file],
    reload: (child) => void child.kill('SIGUSR2'),
  },
  Caddy: {
    package: 'caddy',
    configure: (block, { admin }) => `{
  admin 127.0.0.1:${admin}
  auto_https disable_redirects
}
${block}`,
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
    reload: (_, command, file) =>
      void spawn(command, ['reload', '--force', '--adapter', 'caddyfile', '--config', file], { stdio: 'ignore' }),
  },
}

export const PROXIES: readonly ProxyName[] = ['nginx', 'HAProxy', 'Caddy']

/** The path of a proxy; `undefined` where the tests behind it have to be skipped. */
export function findProxy(name: ProxyName): string | undefined {
  return findProgram({
    package: PROGRAMS[name].package,
    names: [name.toLowerCase()],
    folders: ['/usr/sbin'],
    variable: `${name.toUpperCase()}_PATH`,
    neededBy: `The tests behind ${name}`,
  })
}

export interface ProxyServerOptions {
  /** How long HAProxy lets a client be silent, in ms. Default 50,000, as in Debian's configuration. */
  readonly clientTimeout?: number | undefined
}

/** A proxy of the test's own, on a port and in a folder that nobody else uses. */
export class ProxyServer {
  readonly port: number
  readonly #program: Program
  readonly #command: string
  readonly #folder: string
  readonly #file: string
  #child: ChildProcess | undefined

  private constructor(name: ProxyName, command: string, port: number, folder: string) {
    this.port = port
    this.#program = PROGRAMS[name]
    this.#command = command
    this.#folder = folder
    this.#file = join(folder, 'config')
  }

  /**
   * Resolves when it accepts connections.
   *
   * @param block what is behind the defaults of its configuration, for the port that it gets.
   */
  static async start(
    name: ProxyName,
    block: (port: number) => string,
    { clientTimeout = 50_000 }: ProxyServerOptions = {},
  ): Promise<ProxyServer> {
    const command = findProxy(name)
    if (command === undefined) throw new Error(`There is no ${name}: skip the tests that need one`)
    const folder = await mkdtemp(join(tmpdir(), 'headwater-proxy-'))
    // nginx's workers are somebody else when it is started by root.
    await chmod(folder, 0o755)
    const proxy = new ProxyServer(name, command, await freePort(), folder)
    try {
      await writeFile(
        proxy.#file,
        proxy.#program.configure(block(proxy.port), { folder, admin: await freePort(), clientTimeout }),
      )
      await proxy.#run()
    } catch (error) {
      await proxy.stop()
      throw error
    }
    return proxy
  }

  /** Starts it again on the same port, after `kill()` or in place of the one that runs. */
  async restart(): Promise<void> {
    await this.kill()
    await this.#run()
  }

  /** Has it read its configuration again, as at a deploy: new workers come, the old ones are told to leave. */
  reload(): void {
    if (this.#child !== undefined) this.#program.reload(this.#child, this.#command, this.#file)
  }

  /** kill -9 of all its processes. Resolves when they are gone. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    process.kill(-child.pid, 'SIGKILL')
    await gone
  }

  /** Ends it for good and removes its folder. */
  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #run(): Promise<void> {
    const child = spawn(this.#command, this.#program.args(this.#file, this.#folder), {
      env: { ...process.env, HOME: this.#folder, XDG_CONFIG_HOME: this.#folder, XDG_DATA_HOME: this.#folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, so that its workers can be killed with it.
      detached: true,
    })
    this.#child = child
    let output = ''
    const read = (text: string): void => {
      output += text
    }
    child.stdout.setEncoding('utf8').on('data', read)
    child.stderr.setEncoding('utf8').on('data', read)
    while (!(await isListening(this.port))) {
      if (child.exitCode === null) await sleep(10)
      else throw new Error(`It ended with ${child.exitCode}:\n${output}${await this.#log()}`)
    }
  }

  #log(): Promise<string> {
    return readFile(join(this.#folder, 'log'), 'utf8').catch(() => '')
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (answer: boolean) => (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', end(true)).once('error', end(false))
  })
}
