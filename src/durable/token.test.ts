import { generateKeyPair, SignJWT } from 'jose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { rejection } from '../../test/tools/probes.ts'
import { type SigningKey, signToken, verifyToken } from './token.ts'
import { readTokenPayload } from './token-payload.ts'

const KEY = 'secret-key'
const CLAIMS = { channel: 'room', attachment: { userId: 'Ada' }, tags: ['vip'], methods: ['publish'], ttl: 60 }

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const secret = (key: string): Uint8Array => new TextEncoder().encode(key)

/** A token with the right signature and something else about it. */
function sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}, key = KEY): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ chn: 'room', tags: [], rpc: [], iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'durable+jwt', ...header })
    .sign(secret(key))
}

afterEach(() => void vi.useRealTimers())

test('a token says what it was signed for, to the server and to its client', async () => {
  vi.useFakeTimers({ now: 1_000_000_500 })
  const token = await signToken(KEY, CLAIMS)
  const payload = {
    chn: 'room',
    att: { userId: 'Ada' },
    tags: ['vip'],
    rpc: ['publish'],
    iat: 1_000_000,
    exp: 1_000_060,
  }
  expect(await verifyToken(KEY, token)).toEqual(payload)
  expect(readTokenPayload(token)).toEqual(payload)
})

test('a client reads what is no ASCII in a token', async () => {
  const token = await signToken(KEY, { ...CLAIMS, channel: 'Zürich 🏔', attachment: { name: 'Øyvind' } })
  expect(readTokenPayload(token)).toMatchObject({ chn: 'Zürich 🏔', att: { name: 'Øyvind' } })
})

test('of several keys the first one signs, and all are accepted', async () => {
  const old = await signToken('old', CLAIMS)
  const fresh = await signToken(['new', 'old'], CLAIMS)
  for (const token of [old, fresh]) expect(await verifyToken(['new', 'old'], token)).toMatchObject({ chn: 'room' })
  expect(await verifyToken('new', fresh)).toMatchObject({ chn: 'room' })
  expect(await rejection(verifyToken('new', old))).toMatchObject({ code: 'UNAUTHORIZED', status: 401 })
})

test.each([
  ['empty', ''],
  ['missing', undefined as unknown as string],
  ['empty among others', ['good', '']],
  ['in an empty list', []],
] as [string, SigningKey][])('a key that is %s is refused, for signing and verifying', async (_, key) => {
  await expect((async () => signToken(key, CLAIMS))()).rejects.toThrow(/signingKey/)
  await expect(verifyToken(key, await signToken(KEY, CLAIMS))).rejects.toThrow(/signingKey/)
})

describe('what is refused', () => {
  test.each<[string, () => string | Promise<string>]>([
    ['nothing', () => ''],
    ['no token', () => 'nonsense'],
    ['a token signed with another key', () => signToken('other', CLAIMS)],
    ['one without a signature', async () => (await signToken(KEY, CLAIMS)).split('.').slice(0, 2).join('.')],
    ['one with an empty signature', async () => `${(await signToken(KEY, CLAIMS)).split('.').slice(0, 2).join('.')}.`],
    ['one that was truncated', async () => (await signToken(KEY, CLAIMS)).slice(0, -3)],
    ['one with something behind it', async () => `${await signToken(KEY, CLAIMS)}.x`],
    [
      'one whose channel was changed',
      async () => {
        const [header, , signature] = (await signToken(KEY, CLAIMS)).split('.')
        return [header, encode({ ...readTokenPayload(await signToken(KEY, CLAIMS)), chn: 'other' }), signature].join(
          '.',
        )
      },
    ],
    ['one of the algorithm none', () => `${encode({ alg: 'none', typ: 'durable+jwt' })}.${encode({ ...CLAIMS })}.`],
    ['one with a stronger algorithm than agreed', () => sign({}, { alg: 'HS512' })],
    [
      'one with an asymmetric signature',
      async () => {
        const { privateKey } = await generateKeyPair('ES256')
        const claims = { chn: 'room', tags: [], rpc: [], iat: 0, exp: 9e9 }
        return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'durable+jwt' }).sign(privateKey)
      },
    ],
    ['a token of the application for something else', () => sign({}, { typ: 'JWT' })],
    ['one without an end', () => sign({ exp: undefined })],
    ['one without a beginning', () => sign({ iat: undefined })],
    ['one without a channel', () => sign({ chn: undefined })],
    ['one whose channel is no text', () => sign({ chn: 7 })],
    ['one whose methods are no list', () => sign({ rpc: 'publish' })],
    ['one whose tags are no texts', () => sign({ tags: [7] })],
    ['one that is not good yet', () => sign({ nbf: Math.floor(Date.now() / 1000) + 60 })],
  ])('%s', async (_, make) => {
    const error = await rejection(verifyToken([KEY, 'second'], await make()))
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', status: 401, message: 'The token is not valid' })
  })

  test('a token that has expired, which says so', async () => {
    vi.useFakeTimers({ now: 1_000_000_000 })
    const token = await signToken(KEY, CLAIMS)
    vi.setSystemTime(1_000_059_999)
    expect(await verifyToken(['new', KEY], token)).toMatchObject({ chn: 'room' })
    vi.setSystemTime(1_000_060_000)
    expect(await rejection(verifyToken(['new', KEY], token))).toMatchObject({ code: 'TOKEN_EXPIRED', status: 401 })
  })

  test('an expired one that nobody has signed does not learn that it has expired', async () => {
    const token = await sign({ exp: 1 }, {}, 'other')
    expect(await rejection(verifyToken(KEY, token))).toMatchObject({ code: 'UNAUTHORIZED' })
  })
})

test.each(['', 'a.b.c', 'a', `x.${encode(7)}.y`, `x.${encode({ chn: 'room' })}.y`])(
  'a client takes %j for no token',
  (text) => {
    expect(readTokenPayload(text)).toBeUndefined()
  },
)
