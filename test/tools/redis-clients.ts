import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster } from 'redis'
import type { RedisLogClient } from '../../src/publisher/redis/subscriber.ts'
import type { RedisCluster } from './redis-cluster.ts'
import type { RedisServer } from './redis-server.ts'

export interface OpenClient {
  readonly client: RedisLogClient
  close(): void
}

/** The clients that users have, connected to a server as they would be. */
export const SINGLE_CLIENTS: Readonly<Record<string, (server: Pick<RedisServer, 'url'>) => Promise<OpenClient>>> = {
  'node-redis': async ({ url }) => {
    const client = createClient({ url, socket: { reconnectStrategy: 50 } })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.destroy() }
  },
  ioredis: async ({ url }) => {
    const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
    client.on('error', () => {})
    return { client, close: () => client.disconnect() }
  },
}

/** The same of a cluster. */
export const CLUSTER_CLIENTS: Readonly<Record<string, (cluster: RedisCluster) => Promise<OpenClient>>> = {
  'node-redis': async ({ rootNodes }) => {
    const client = createCluster({ rootNodes, defaults: { socket: { reconnectStrategy: 50 } } })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.destroy() }
  },
  ioredis: async ({ startupNodes }) => {
    const client = new Cluster([...startupNodes], { clusterRetryStrategy: () => 50 })
    client.on('error', () => {})
    await new Promise((resolve) => client.once('ready', resolve))
    return { client, close: () => client.disconnect() }
  },
}
