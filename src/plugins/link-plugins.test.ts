import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createClient } from '../client/create-client.ts'
import type { LinkPlugin } from '../session/call-link.ts'
import { RPCLink } from '../transport/fetch/rpc-link.ts'
import { ClientRetryPlugin, type ClientRetryPluginContext } from './client-retry-plugin.ts'
import { RetryAfterPlugin } from './retry-after-plugin.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const OK: ResponseInit = { headers: { 'content-type': 'application/json' } }

/** A client whose requests are answered with these, one after the other, the last one again and again. */
function clientOf(plugin: LinkPlugin, ...answers: readonly (ResponseInit | Error)[]) {
  const fetch = vi.fn(async () => {
    const answer = answers[Math.min(fetch.mock.calls.length, answers.length) - 1]
    if (answer instanceof Error) throw answer
    return new Response('{"json":"done"}', answer)
  })
  const link = new RPCLink<ClientRetryPluginContext>({ url: 'http://x.test/rpc', fetch, plugins: [plugin] })
  return { fetch, client: createClient<any>(link) }
}

describe('ClientRetryPlugin', () => {
  const unavailable = { status: 503 }

  test('does not retry unless it is told to', async () => {
    const { client, fetch } = clientOf(new ClientRetryPlugin(), unavailable)
    await expect(client.a()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('retries as often as the call says, and gives up with the last error', async () => {
    const { client, fetch } = clientOf(new ClientRetryPlugin(), new TypeError('fetch failed'), unavailable)
    const call = expect(client.a(undefined, { context: { retry: 2, retryDelay: 100 } })).rejects.toMatchObject({
      status: 503,
    })
    await vi.advanceTimersByTimeAsync(200)
    await call
    expect(fetch).toHaveBeenCalledTimes(3)
  })

  test('succeeds when a retry does, and tells', async () => {
    const told: unknown[] = []
    const onRetry: ClientRetryPluginContext['onRetry'] =
      ({ attempt }) =>
      (isSuccess) =>
        told.push([attempt, isSuccess])
    const { client } = clientOf(
      new ClientRetryPlugin({ default: { retry: 5, retryDelay: 1 } }),
      unavailable,
      unavailable,
      OK,
    )
    const call = client.a(undefined, { context: { onRetry } })
    await vi.advanceTimersByTimeAsync(2)
    expect(await call).toBe('done')
    expect(told).toEqual([
      [1, false],
      [2, true],
    ])
  })

  test('does not retry what will not pass, unless told that it is worth it', async () => {
    const refused = { status: 401 }
    const { client, fetch } = clientOf(new ClientRetryPlugin({ default: { retry: 1, retryDelay: 1 } }), refused)
    await expect(client.a()).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    expect(fetch).toHaveBeenCalledTimes(1)
    const call = expect(client.a(undefined, { context: { shouldRetry: () => true } })).rejects.toMatchObject({
      status: 401,
    })
    await vi.advanceTimersByTimeAsync(1)
    await call
    expect(fetch).toHaveBeenCalledTimes(3)
  })

  test('ends its wait with the reason of the signal, and leaves no timer', async () => {
    const { client } = clientOf(new ClientRetryPlugin({ default: { retry: 1, retryDelay: 60_000 } }), unavailable)
    const controller = new AbortController()
    const call = client.a(undefined, { signal: controller.signal })
    const rejected = expect(call).rejects.toThrow('enough')
    await vi.advanceTimersByTimeAsync(0)
    controller.abort(new Error('enough'))
    await rejected
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('RetryAfterPlugin', () => {
  const later = (value: string, status = 429): ResponseInit => ({ status, headers: { 'retry-after': value } })

  test.each([
    ['seconds', '2', 2000],
    ['a date', () => new Date(Date.now() + 3000).toUTCString(), 3000],
  ])('waits as long as the server says, in %s', async (_, value, delay) => {
    vi.setSystemTime(1_000_000)
    const { client, fetch } = clientOf(new RetryAfterPlugin(), later(typeof value === 'string' ? value : value()), OK)
    const call = client.a()
    await vi.advanceTimersByTimeAsync(delay - 1)
    expect(fetch).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await call).toBe('done')
  })

  test.each([
    ['a longer wait than it is willing to', later('301')],
    ['another status', later('1', 500)],
    ['no time', { status: 503 }],
    ['a time that is none', later('soon')],
  ])('takes %s as the answer', async (_, answer) => {
    const { client, fetch } = clientOf(new RetryAfterPlugin(), answer)
    await expect(client.a()).rejects.toMatchObject({ status: answer.status })
    expect(fetch).toHaveBeenCalledTimes(1)
  })

  test('sends a request no more than three times', async () => {
    const { client, fetch } = clientOf(new RetryAfterPlugin(), later('1', 503))
    const call = expect(client.a()).rejects.toMatchObject({ status: 503 })
    await vi.advanceTimersByTimeAsync(5000)
    await call
    expect(fetch).toHaveBeenCalledTimes(3)
  })
})
