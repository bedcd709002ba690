import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { outcome, rejection, take } from '../../test/tools/probes.ts'
import { ScriptProcess } from '../../test/tools/script-process.ts'
import { serveNode } from '../../test/tools/serve.ts'
import { createClient } from '../client/create-client.ts'
import { os } from '../server/builder.ts'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import { MemoryLog } from './memory-log.ts'
import { Presence } from './presence.ts'
import { SqliteLog } from './sqlite/sqlite-log.ts'

const member = (id: string, state: unknown = `${id} is here`) => ({ id, state })

describe('changes', () => {
  let memory: MemoryLog
  let here: Presence<unknown>
  let there: Presence<unknown>

  beforeEach(() => {
    memory = new MemoryLog()
    here = new Presence(memory)
    there = new Presence(memory)
  })

  afterEach(async () => {
    await Promise.all([here.close(), there.close()])
    await memory.close()
    vi.useRealTimers()
  })

  const enter = (id: string, of = there) => of.join('c', id, `${id} is here`)

  test('begin with the list, then tell who joins, shows a new state, and leaves', async () => {
    await enter('ann')
    const changes = here.changes('c')
    expect(await take(changes, 1)).toEqual([{ type: 'list', members: [member('ann')] }])
    const bob = await enter('bob')
    expect(await take(changes, 1)).toEqual([{ type: 'join', member: member('bob') }])
    await bob.update('away')
    expect(await take(changes, 1)).toEqual([{ type: 'update', member: member('bob', 'away') }])
    await bob.leave()
    expect(await take(changes, 1)).toEqual([{ type: 'leave', member: member('bob', 'away') }])
    await changes.return()
  })

  test('are none when leases are renewed', async () => {
    vi.useFakeTimers()
    await there.join('c', 'ann', { deep: 'state' })
    const changes = here.changes('c')
    await take(changes, 1)
    const next = changes.next()
    await vi.advanceTimersByTimeAsync(100_000)
    expect(await outcome(next)).toBe('pending')
    await enter('bob')
    expect(await next).toMatchObject({ value: { type: 'join', member: { id: 'bob' } } })
    await changes.return()
  })

  test('are put together for who is slow', async () => {
    const changes = here.changes('c')
    await take(changes, 1)
    const [ann, bob] = [await enter('ann'), await enter('bob')]
    await ann.update('away')
    await bob.leave()
    await vi.waitFor(async () => expect(await here.list('c')).toEqual([member('ann', 'away')]))
    expect(await take(changes, 1)).toEqual([{ type: 'join', member: member('ann', 'away') }])
    await changes.return()
  })

  test('end when their signal aborts', async () => {
    const controller = new AbortController()
    const changes = here.changes('c', { signal: controller.signal })
    await take(changes, 1)
    const next = rejection(changes.next())
    controller.abort(new Error('left'))
    expect(await next).toBe(controller.signal.reason)
  })

  test('of a client that was cut go on with the list, without being asked to', async () => {
    const router = {
      changes: os.handler(({ signal, lastEventId }) => here.changes('c', { signal, lastEventId })),
    }
    const server = await serveNode(router)
    const client = createClient<any>(new RPCLink({ url: server.url, backoff: { initialDelay: 1, maxDelay: 5 } }))
    const changes = await client.changes()
    expect((await changes.next()).value).toEqual({ type: 'list', members: [] })
    await enter('ann')
    expect((await changes.next()).value).toMatchObject({ type: 'join' })
    server.server.closeAllConnections()
    expect((await changes.next()).value).toEqual({ type: 'list', members: [member('ann')] })
    await changes.return()
    await server.close()
  })
})

test('the members of a process that was killed leave when their leases run out, those of others stay', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headwater-presence-'))
  const path = join(folder, 'log.db')
  const processes = ['ann', 'bob'].map((id) => new ScriptProcess('join-presence.ts', path, 'c', id, '2'))
  const log = new SqliteLog({ path })
  const presence = new Presence<{ pid: number }>(log, { ttl: 2 })
  try {
    const idsOf = async () => (await presence.list('c')).map(({ id }) => id).sort()
    const changes = presence.changes('c')
    await vi.waitFor(async () => expect(await idsOf()).toEqual(['ann', 'bob']), { timeout: 15_000, interval: 20 })
    await processes[0]?.kill()
    const killedAt = performance.now()
    for (;;) {
      const { value: change } = await changes.next()
      if (change?.type !== 'leave') continue
      expect(change.member.id).toBe('ann')
      break
    }
    expect(performance.now() - killedAt).toBeLessThan(10_000)
    expect(await idsOf()).toEqual(['bob'])
    await changes.return()
  } finally {
    await Promise.all(processes.map((process) => process.kill()))
    await presence.close()
    await log.close()
    rmSync(folder, { recursive: true })
  }
}, 40_000)
