import { describe, expect, test } from 'vitest'
import { CloseCode } from '../../session/peer/connection.ts'
import { signToken } from '../token.ts'
import { RoomTokens } from './room-tokens.ts'

const { EXPIRED, UNAUTHORIZED, DRAINED } = CloseCode

const sign = (methods: string[] = [], channel = 'room'): Promise<string> =>
  signToken('key', { channel, attachment: undefined, tags: [], methods, ttl: 60 })

const signal = new AbortController().signal

/** Tokens of a room whose procedure gives these, one after the other. */
async function tokensOf(...fresh: string[]): Promise<{ tokens: RoomTokens; first: string; left: string[] }> {
  const first = await sign(['first'])
  const left = [...fresh]
  return { tokens: new RoomTokens(first, async () => left.shift() ?? 'none'), first, left }
}

describe('a token that is refused', () => {
  test.each([EXPIRED, UNAUTHORIZED])('with %s is replaced where it was good once', async (code) => {
    const { tokens, first } = await tokensOf(await sign(['second']))
    tokens.accept(first)
    expect(tokens.judge(first, code)).toBe(EXPIRED)
    expect(await tokens.current(signal)).not.toBe(first)
  })

  test('is final where it never was good', async () => {
    const { tokens, first } = await tokensOf()
    expect(tokens.judge(first, UNAUTHORIZED)).toBe(UNAUTHORIZED)
  })

  test('as expired may have been slow: once, and again when one was good meanwhile', async () => {
    const [second, third] = [await sign(['second']), await sign(['third'])]
    const { tokens, first } = await tokensOf(second, third)
    expect(tokens.judge(first, EXPIRED)).toBe(EXPIRED)
    expect(await tokens.current(signal)).toBe(second)
    expect(tokens.judge(second, EXPIRED)).toBe(UNAUTHORIZED)
    tokens.accept(second)
    expect(tokens.judge(second, EXPIRED)).toBe(EXPIRED)
    expect(await tokens.current(signal)).toBe(third)
    expect(tokens.judge(third, EXPIRED)).toBe(EXPIRED)
  })

  test('is final in the end when the procedure gives the same again and again', async () => {
    const first = await sign()
    const tokens = new RoomTokens(first, async () => first)
    tokens.accept(first)
    expect(tokens.judge(first, EXPIRED)).toBe(EXPIRED)
    expect(await tokens.current(signal)).toBe(first)
    expect(tokens.judge(first, EXPIRED)).toBe(EXPIRED)
    expect(await tokens.current(signal)).toBe(first)
    expect(tokens.judge(first, EXPIRED)).toBe(UNAUTHORIZED)
  })

  test('says nothing of the one that has replaced it', async () => {
    const { tokens, first } = await tokensOf(await sign(['second']))
    await tokens.renew(signal)
    expect(tokens.judge(first, UNAUTHORIZED)).toBe(EXPIRED)
  })

  test('is not what other codes mean', async () => {
    const { tokens, first } = await tokensOf()
    expect(tokens.judge(first, DRAINED)).toBe(DRAINED)
  })
})

test('a token of another channel is no replacement', async () => {
  const { tokens } = await tokensOf(await sign([], 'elsewhere'))
  await expect(tokens.renew(signal)).rejects.toMatchObject({ code: 'CONFLICT' })
})
