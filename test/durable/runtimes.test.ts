import { afterAll, beforeAll, describe } from 'vitest'
import { type Runtime, RuntimeProcess } from '../tools/runtime-process.ts'
import { durableSuite } from './suite.ts'

describe.each<Runtime>(['bun', 'deno'])('durable event iterators on %s', (runtime) => {
  let server: RuntimeProcess
  let url = ''

  beforeAll(async () => {
    server = new RuntimeProcess(runtime, 'durable-server.ts')
    url = `http://127.0.0.1:${(JSON.parse(await server.line()) as { port: number }).port}`
  }, 60_000)

  afterAll(() => server.kill())

  const disturb = async (room: string): Promise<void> => {
    const body = JSON.stringify({ json: { room, method: 'cut', args: [] } })
    await fetch(`${url}/rpc/tell`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  }
  durableSuite(() => ({ urls: [url], disturb }), { forgetsAtOnce: false, spread: false })
})
