import { expect, test, vi } from 'vitest'
import { take } from '../../../test/tools/probes.ts'
import { CLUSTER_CLIENTS, type OpenClient } from '../../../test/tools/redis-clients.ts'
import { command, RedisCluster } from '../../../test/tools/redis-cluster.ts'
import { findRedisServer, type RedisServer } from '../../../test/tools/redis-server.ts'
import { getEventMeta } from '../../event/event-meta.ts'
import { Publisher } from '../publisher.ts'
import { RedisLog } from './redis-log.ts'

interface Event {
  readonly n: number
}

/** A channel of which the server has the slot. */
async function channelOf({ port }: RedisServer): Promise<string> {
  for (let number = 0; ; number++) {
    const channel = `room:${number}`
    const answer = await command(port, 'EXISTS', `headwater:log:{${channel}}`).catch(() => undefined)
    if (answer === 0) return channel
  }
}

/** Keeps the replica connected to nobody, so that its master alone has what is written from now on. */
async function cutReplication(master: RedisServer, replica: RedisServer): Promise<void> {
  const { written } = await replication(master)
  await vi.waitFor(async () => expect((await replication(replica)).written).toBeGreaterThanOrEqual(written))
  await command(replica.port, 'CONFIG', 'SET', 'masteruser', 'nobody', 'masterauth', 'wrong')
  await command(master.port, 'CLIENT', 'KILL', 'TYPE', 'replica')
  await vi.waitFor(async () => expect((await replication(replica)).info).toContain('link_status:down'))
}

async function replication({ port }: RedisServer): Promise<{ readonly info: string; readonly written: number }> {
  const info = String(await command(port, 'INFO', 'replication'))
  return { info, written: Number(/master_repl_offset:(\d+)/.exec(info)?.[1]) }
}

test.skipIf(findRedisServer() === undefined).each(Object.entries(CLUSTER_CLIENTS))(
  'a failover that loses acknowledged events is a gap with reason epoch, also when the offsets are there again: %s',
  async (_, connect) => {
    const cluster = await RedisCluster.start()
    let open: OpenClient | undefined
    const opened: { close(): Promise<void> }[] = []
    try {
      const [master] = cluster.masters as [RedisServer]
      const replica = await cluster.addReplica(master)
      await cluster.settled()
      open = await connect(cluster)
      const log = new RedisLog(open.client, { survives: 'nothing', timeout: 500 })
      const publisher = new Publisher<Record<string, Event>>(log, { onError: () => {} })
      opened.push(publisher, log)
      const channel = await channelOf(master)
      const ids: string[] = []
      const publish = async (n: number): Promise<void> => void ids.push((await publisher.publish(channel, { n })).id)

      const live = publisher.subscribe(channel)
      await live.ready
      for (const n of [1, 2, 3]) await publish(n)
      await cutReplication(master, replica)
      for (const n of [4, 5]) await publish(n)
      expect((await take(live, 5)).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5])

      await master.kill()
      await command(replica.port, 'CLUSTER', 'FAILOVER', 'TAKEOVER')
      const other = await connect(cluster)
      try {
        const elsewhere = new RedisLog(other.client, { survives: 'nothing' })
        opened.unshift(elsewhere)
        for (const n of [14, 15, 16]) {
          await vi.waitFor(
            () => elsewhere.append(channel, [{ data: `{"json":{"n":${n}}}` }], { retention: {} }),
            20_000,
          )
        }
        const gap = { code: 'EVENT_GAP', data: { reason: 'epoch' } }
        await expect(live.next()).rejects.toMatchObject(gap)
        for (const lastEventId of [ids[3], ids[4]]) {
          await expect(publisher.subscribe(channel, { lastEventId }).next()).rejects.toMatchObject(gap)
        }
        const resumed = await take(publisher.subscribe(channel, { lastEventId: ids[2] }), 3)
        expect(resumed.map(({ n }) => n)).toEqual([14, 15, 16])
        expect(resumed.map((event) => getEventMeta(event)?.id?.split(':')[1])).toEqual(['4', '5', '6'])
      } finally {
        other.close()
      }
    } finally {
      for (const one of opened) await one.close()
      open?.close()
      await cluster.stop()
    }
  },
  60_000,
)
