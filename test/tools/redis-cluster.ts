import { createClient } from 'redis'
import { freePort } from './free-port.ts'
import { RedisServer } from './redis-server.ts'

const SLOTS = 16_384

/** Masters that share the slots, as a cluster of the test's own; others can be added as replicas. */
export class RedisCluster {
  readonly masters: readonly RedisServer[]
  readonly #all: RedisServer[]

  private constructor(masters: readonly RedisServer[]) {
    this.masters = masters
    this.#all = [...masters]
  }

  /** Resolves when every master knows the owners of all slots. */
  static async start(count = 3): Promise<RedisCluster> {
    const masters = await Promise.all(Array.from({ length: count }, startNode))
    const cluster = new RedisCluster(masters)
    try {
      for (const [index, { port }] of masters.entries()) {
        const first = Math.ceil((index * SLOTS) / count)
        const last = Math.ceil(((index + 1) * SLOTS) / count) - 1
        await command(port, 'CLUSTER', 'ADDSLOTSRANGE', String(first), String(last))
        await command(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
        if (index > 0) await cluster.#meet(masters[index] as RedisServer)
      }
      await cluster.settled()
      return cluster
    } catch (error) {
      await cluster.stop()
      throw error
    }
  }

  get rootNodes(): { readonly url: string }[] {
    return this.masters.map(({ url }) => ({ url }))
  }

  get startupNodes(): { readonly host: string; readonly port: number }[] {
    return this.masters.map(({ port }) => ({ host: '127.0.0.1', port }))
  }

  /** A replica of one of the masters, once it has all that this one has. */
  async addReplica(master: RedisServer): Promise<RedisServer> {
    const replica = await startNode()
    this.#all.push(replica)
    await this.#meet(replica)
    const id = String(await command(master.port, 'CLUSTER', 'MYID'))
    await eventually(async () => (await command(replica.port, 'CLUSTER', 'REPLICATE', id)) === 'OK')
    await eventually(async () => String(await command(replica.port, 'INFO', 'replication')).includes('link_status:up'))
    return replica
  }

  /** Resolves when all that run agree that the cluster works. */
  async settled(except?: RedisServer): Promise<void> {
    for (const { port } of this.#all.filter((node) => node !== except)) {
      await eventually(async () => {
        const info = String(await command(port, 'CLUSTER', 'INFO'))
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${this.#all.length}`)
      })
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map((node) => node.stop()))
  }

  async #meet(node: RedisServer): Promise<void> {
    const [first] = this.masters as [RedisServer]
    const bus = /@(\d+)/.exec(String(await command(first.port, 'CLUSTER', 'NODES')))?.[1] ?? ''
    await command(node.port, 'CLUSTER', 'MEET', '127.0.0.1', String(first.port), bus)
    await eventually(async () => {
      const known = /cluster_known_nodes:(\d+)/.exec(String(await command(node.port, 'CLUSTER', 'INFO')))?.[1]
      return Number(known) > 1
    })
  }
}

async function startNode(): Promise<RedisServer> {
  const bus = String(await freePort())
  return RedisServer.start({
    args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--cluster-port', bus],
  })
}

/** Sends one command to a server on this machine. */
export async function command(port: number, ...args: string[]): Promise<unknown> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.sendCommand(args)
  } finally {
    client.destroy()
  }
}

async function eventually(probe: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await probe().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('The cluster did not get there within 10 s')
}
