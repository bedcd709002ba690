import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RawPeer } from '../../../test/tools/connection-pair.ts'
import { type Gate, gate } from '../../../test/tools/gate.ts'
import { settle } from '../../../test/tools/probes.ts'
import { RPCError } from '../../core/error.ts'
import { os } from '../../server/builder.ts'
import type { Authenticated } from './authentication.ts'
import { RPCPeers } from './rpc-peers.ts'

let peers: RPCPeers

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] })
  peers = new RPCPeers({ who: os.handler(({ context }) => context) }, {})
})

afterEach(() => {
  vi.useRealTimers()
})

async function settled(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await settle()
}

function hello(token: string): object {
  return { i: '~', p: { u: '/~headwater.1', h: { authorization: token } } }
}

const who = { i: '1', p: { u: '/who', b: {} } }

/** A proof that takes as long as the test wants, by its token. */
function slowProof(): { gates: Map<string, Gate<Authenticated | Error>>; authenticate: (headers: Headers) => any } {
  const gates = new Map<string, Gate<Authenticated | Error>>()
  return {
    gates,
    authenticate: async (headers) => {
      const proof = gate<Authenticated | Error>()
      gates.set(headers.get('authorization') ?? 'none', proof)
      const result = await proof.opened
      if (result instanceof Error) throw result
      return result
    },
  }
}

test('calls wait for the proof and get its context on top of that of the connection', async () => {
  const { gates, authenticate } = slowProof()
  const raw = new RawPeer(peers, { context: { region: 'eu' }, authenticate })
  raw.send(hello('a'))
  raw.send(who)
  await settled()
  expect(raw.frames().filter(({ i }) => i === '1')).toEqual([])
  gates.get('a')?.open({ context: { user: 'ann' } })
  await settled()
  expect(raw.frames()).toContainEqual({ i: '1', p: { b: { json: { region: 'eu', user: 'ann' } } } })
})

test('who proves nothing in time is sent off with 4401, and its calls were never made', async () => {
  const raw = new RawPeer(peers, { authenticate: () => new Promise(() => {}), authenticateWithin: 2000 })
  raw.send(who)
  await vi.advanceTimersByTimeAsync(1999)
  expect(raw.closed).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  await settled()
  expect(raw.closed).toMatchObject({ code: 4401 })
  expect(raw.received).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('a client that speaks plain v1 proves itself by the headers of its first call', async () => {
  const authenticate = vi.fn((headers: Headers) => ({ context: { user: headers.get('authorization') } }))
  const raw = new RawPeer(peers, { authenticate })
  raw.send({ i: '1', p: { u: '/who', b: {}, h: { authorization: 'ann' } } })
  raw.send({ i: '2', p: { u: '/who', b: {}, h: { authorization: 'bob' } } })
  await settled()
  expect(authenticate).toHaveBeenCalledTimes(1)
  expect(raw.frames().map(({ p }) => p.b.json)).toEqual([{ user: 'ann' }, { user: 'ann' }])
})

test('a hello without headers proves nothing, and leaves that to the first call', async () => {
  const authenticate = vi.fn((headers: Headers) => ({ context: { user: headers.get('authorization') } }))
  const raw = new RawPeer(peers, { authenticate })
  raw.send({ i: '~', p: { u: '/~headwater.1' } })
  raw.send({ i: '1', p: { u: '/who', b: {}, h: { authorization: 'ann' } } })
  await settled()
  expect(raw.frames()).toContainEqual({ i: '1', p: { b: { json: { user: 'ann' } } } })
})

test.each([
  ['UNAUTHORIZED', 4401],
  ['FORBIDDEN', 4403],
  ['SERVICE_UNAVAILABLE', 4004],
])('a proof that fails with %s closes with %i', async (code, closeCode) => {
  const authenticate = (): never => {
    throw new RPCError(code, { message: 'No' })
  }
  const raw = new RawPeer(peers, { authenticate })
  raw.send(hello('a'))
  await settled()
  expect(raw.closed).toEqual({ code: closeCode, reason: 'No' })
})

test('what is wrong in the server itself is not told', async () => {
  const authenticate = (): never => {
    throw new Error('password of the database')
  }
  const raw = new RawPeer(peers, { authenticate })
  raw.send(hello('a'))
  await settled()
  expect(raw.closed).toMatchObject({ code: 4004 })
  expect(raw.closed?.reason).not.toContain('password')
})

test('a later proof that is decided first stays, however an earlier one ends', async () => {
  for (const late of [{ context: { user: 'old' } }, new RPCError('UNAUTHORIZED')]) {
    const { gates, authenticate } = slowProof()
    const raw = new RawPeer(peers, { authenticate })
    raw.send(hello('old'))
    raw.send(hello('new'))
    await settled()
    gates.get('new')?.open({ context: { user: 'new' } })
    await settled()
    gates.get('old')?.open(late)
    await settled()
    raw.send(who)
    await settled()
    expect(raw.closed).toBeUndefined()
    expect(raw.frames()).toContainEqual({ i: '1', p: { b: { json: { user: 'new' } } } })
  }
})

test('the client learns when its proof expires; then the connection is closed with 4001', async () => {
  const expires = new Date(Date.now() + 60_000)
  const raw = new RawPeer(peers, { authenticate: () => ({ context: {}, expires }) })
  raw.send(hello('a'))
  await settled()
  expect(raw.frames().at(-1)).toMatchObject({ t: 5, p: { expires: 60_000 } })
  await vi.advanceTimersByTimeAsync(20_000)
  raw.send('{"t":7}')
  await settled()
  await vi.advanceTimersByTimeAsync(20_000)
  raw.send('{"t":7}')
  await settled()
  expect(raw.closed).toBeUndefined()
  await vi.advanceTimersByTimeAsync(20_000)
  await settled()
  expect(raw.closed).toMatchObject({ code: 4001 })
  expect(vi.getTimerCount()).toBe(0)
})

test('a new proof moves the expiry; one that lasts longer than any timer does not fire at once', async () => {
  let lifetime = 30_000
  const raw = new RawPeer(peers, { authenticate: () => ({ context: {}, expires: Date.now() + lifetime }) })
  raw.send(hello('a'))
  await settled()
  lifetime = 40 * 24 * 3600 * 1000
  raw.send(hello('b'))
  await settled()
  for (let count = 0; count < 6; count++) {
    await vi.advanceTimersByTimeAsync(10_000)
    raw.send('{"t":7}')
    await settled()
  }
  expect(raw.closed).toBeUndefined()
})

test('the context that comes with a message counts for the calls in it alone', async () => {
  const raw = new RawPeer(peers, { context: { from: 'upgrade' } })
  const peer = peers.open({ buffered: 0, send: (data) => raw.received.push(data), close: () => {} }, {})
  peer.receive(JSON.stringify(who), { from: 'message' })
  raw.send({ ...who, i: '2' })
  await settled()
  expect(raw.frames().map(({ i, p }) => [i, p.b.json.from])).toEqual([
    ['1', 'message'],
    ['2', 'upgrade'],
  ])
  peer.close()
})
