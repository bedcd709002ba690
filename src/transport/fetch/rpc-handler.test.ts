import { expect, test } from 'vitest'
import { testRPCHandler } from '../../../test/suites/rpc-handler.ts'
import { gate } from '../../../test/tools/gate.ts'
import { serveFetch } from '../../../test/tools/serve.ts'
import { os } from '../../server/builder.ts'
import { RPCHandler } from './rpc-handler.ts'

testRPCHandler(serveFetch)

test('a stream is pulled no faster than its body is read', async () => {
  let pulled = 0
  const flood = os.handler(async function* () {
    for (;;) {
      pulled++
      yield 'x'.repeat(8 * 1024)
    }
  })
  const { response } = await new RPCHandler({ flood }).handle(new Request('http://x.test/flood', { method: 'POST' }))
  await new Promise((resolve) => setImmediate(resolve))
  expect(pulled).toBeLessThan(5)
  await response?.body?.cancel()
})

test('an aborted request fails its body instead of ending it', async () => {
  const opened = gate()
  const wait = os.handler(async function* ({ signal }) {
    opened.open()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    yield 1
  })
  const controller = new AbortController()
  const request = new Request('http://x.test/wait', { method: 'POST', signal: controller.signal })
  const { response } = await new RPCHandler({ wait }).handle(request)
  const text = response?.text()
  await opened.opened
  controller.abort(new Error('gone'))
  await expect(text).rejects.toThrow()
})

test('one URL asks for another procedure under another prefix, also the second time', async () => {
  const name = os.handler(({ path }) => path.join('.'))
  const handler = new RPCHandler({ api: { find: name }, find: name })
  const ask = async (prefix: '/' | '/api'): Promise<unknown> => {
    const { response } = await handler.handle(new Request('http://x.test/api/find', { method: 'POST' }), { prefix })
    return response?.json()
  }
  for (let round = 0; round < 2; round++) {
    expect(await ask('/')).toEqual({ json: 'api.find' })
    expect(await ask('/api')).toEqual({ json: 'find' })
  }
})

test('what a handler returns is awaited, though it is no promise but only becomes one', async () => {
  // As the query builders of some libraries do.
  const query = { then: (resolve: (rows: string[]) => void) => resolve(['row']) }
  const handler = new RPCHandler({ rows: os.handler(() => query as unknown as string[]) })
  const { response } = await handler.handle(new Request('http://x.test/rows', { method: 'POST' }))
  expect(await response?.json()).toEqual({ json: ['row'] })
})
