import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testPeerConnection } from '../suites/peer-connection.ts'
import { RuntimeProcess } from '../tools/runtime-process.ts'
import { socketTransport } from '../tools/socket-transport.ts'

describe('the handler for Bun', () => {
  let bun: RuntimeProcess
  let url = ''

  beforeAll(async () => {
    bun = new RuntimeProcess('bun', 'bun-server.ts')
    url = await bun.line()
  }, 30_000)
  afterAll(() => bun.kill())

  testPeerConnection(socketTransport(() => url))
})

test("our client passes the checks on Bun, over Bun's own WebSocket", { timeout: 60_000, retry: 1 }, async () => {
  const bun = new RuntimeProcess('bun', 'bun-server.ts', 'checks')
  await bun.line()
  expect(await bun.rest()).toEqual([expect.stringMatching(/^(\d{2,}) of \1 checks passed$/)])
  await bun.kill()
})
