import { afterAll, beforeAll, describe } from 'vitest'
import { testPeerConnection } from '../suites/peer-connection.ts'
import { RuntimeProcess } from '../tools/runtime-process.ts'
import { socketTransport } from '../tools/socket-transport.ts'

describe("the handler over Deno's WebSockets", () => {
  let deno: RuntimeProcess
  let url = ''

  beforeAll(async () => {
    deno = new RuntimeProcess('deno', 'deno-server.ts')
    url = await deno.line()
  }, 30_000)
  afterAll(() => deno.kill())

  testPeerConnection(socketTransport(() => url))
})
