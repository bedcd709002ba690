import type { RedisClient } from '../../core/redis-scripts.ts'

/** Your own client, of node-redis or ioredis, single or cluster. Subscribing takes connections of the log's own, made by it. */
export type RedisLogClient = RedisClient & { duplicate(...args: never[]): unknown }

/** A connection that subscribes. It does not mend itself: when it ends it is over. */
export interface Subscriber {
  subscribe(topic: string): Promise<unknown>
  unsubscribe(topic: string): Promise<unknown>
  ping(): Promise<unknown>
  close(): void
}

export interface SubscriberEvents {
  onMessage(topic: string, message: string): void
  /** It, or what it was subscribed to, is lost. */
  onEnd(): void
}

/** The server that has a topic: a client of it. The same server is the same object. */
export type RedisNode = object

interface NodeRedisNode {
  readonly options: { readonly socket?: object }
  duplicate(overrides: object): NodeRedisSubscriber
}

type Listener = (message: string, topic: string) => void

interface NodeRedisSubscriber {
  on(event: string, listener: (...args: never[]) => void): unknown
  connect(): Promise<unknown>
  subscribe(topic: string, listener: Listener): Promise<unknown>
  sSubscribe(topic: string, listener: Listener): Promise<unknown>
  unsubscribe(topic: string): Promise<unknown>
  sUnsubscribe(topic: string): Promise<unknown>
  ping(): Promise<unknown>
  destroy(): void
}

interface IORedisNode {
  readonly options: { readonly host?: string; readonly port?: number }
  duplicate(overrides: object): IORedisSubscriber
}

interface IORedisSubscriber {
  on(event: string, listener: (...args: never[]) => void): unknown
  connect(): Promise<unknown>
  subscribe(topic: string): Promise<unknown>
  ssubscribe(topic: string): Promise<unknown>
  unsubscribe(topic: string): Promise<unknown>
  sunsubscribe(topic: string): Promise<unknown>
  ping(): Promise<unknown>
  disconnect(): void
}

interface NodeRedisCluster {
  getNodeClientForKey(key: string): Promise<RedisNode>
}

interface IORedisCluster {
  readonly slots: readonly (readonly string[])[]
  cluster(command: 'KEYSLOT', key: string): Promise<unknown>
  nodes(role: 'master'): IORedisNode[]
}

/** Whether the client is one of a cluster: then topics are sharded, and each server publishes its own. */
export function isCluster(client: RedisLogClient): boolean {
  return 'getNodeClientForKey' in client || ('isCluster' in client && client.isCluster === true)
}

/** Whether the client sends a command again whose reply was lost. */
export const resends = (client: RedisLogClient): boolean => 'defineCommand' in client

export async function findNode(client: RedisLogClient, topic: string): Promise<RedisNode> {
  if (!isCluster(client)) return client
  if ('getNodeClientForKey' in client) return (client as unknown as NodeRedisCluster).getNodeClientForKey(topic)
  const cluster = client as unknown as IORedisCluster
  const [address] = cluster.slots[Number(await cluster.cluster('KEYSLOT', topic))] ?? []
  const node = cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === address)
  if (node === undefined) throw new Error(`The cluster has no master for ${topic} just now`)
  return node
}

export async function connectSubscriber(
  node: RedisNode,
  isSharded: boolean,
  events: SubscriberEvents,
): Promise<Subscriber> {
  return 'defineCommand' in node
    ? connectIORedis(node as unknown as IORedisNode, isSharded, events)
    : connectNodeRedis(node as NodeRedisNode, isSharded, events)
}

async function connectNodeRedis(
  node: NodeRedisNode,
  isSharded: boolean,
  { onMessage, onEnd }: SubscriberEvents,
): Promise<Subscriber> {
  const socket = { ...node.options.socket, reconnectStrategy: false }
  const connection = node.duplicate({ socket, keyPrefix: undefined, pingInterval: undefined })
  // Without a listener an error would end the process.
  for (const event of ['error', 'end', '__MOVED', 'sharded-channel-moved']) connection.on(event, onEnd)
  await connection.connect()
  const listener: Listener = (message, topic) => onMessage(String(topic), String(message))
  return {
    subscribe: (topic) => (isSharded ? connection.sSubscribe(topic, listener) : connection.subscribe(topic, listener)),
    unsubscribe: (topic) => (isSharded ? connection.sUnsubscribe(topic) : connection.unsubscribe(topic)),
    ping: () => connection.ping(),
    close: () => connection.destroy(),
  }
}

async function connectIORedis(
  node: IORedisNode,
  isSharded: boolean,
  { onMessage, onEnd }: SubscriberEvents,
): Promise<Subscriber> {
  const connection = node.duplicate({
    lazyConnect: true,
    keyPrefix: '',
    retryStrategy: null,
    autoResubscribe: false,
    enableReadyCheck: false,
  })
  for (const event of ['error', 'end', 'moved']) connection.on(event, onEnd)
  connection.on(isSharded ? 'smessage' : 'message', onMessage)
  await connection.connect()
  return {
    subscribe: (topic) => (isSharded ? connection.ssubscribe(topic) : connection.subscribe(topic)),
    unsubscribe: (topic) => (isSharded ? connection.sunsubscribe(topic) : connection.unsubscribe(topic)),
    ping: () => connection.ping(),
    close: () => connection.disconnect(),
  }
}
