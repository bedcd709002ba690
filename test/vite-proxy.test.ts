import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { DocBlocks } from './tools/doc-blocks.ts'

const blocks = new DocBlocks('docs/start.md')
const upstream = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': \n\n')
})

afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
  blocks.delete()
})

test('a page behind the proxy of the first example learns at once that the server is gone', async () => {
  await new Promise<void>((resolve) => upstream.listen(0, resolve))
  blocks.replace('3000', String((upstream.address() as AddressInfo).port))
  const { createServer: createVite } = await import('vite')
  const { default: config } = await blocks.import<{ default: { server: object } }>('vite.config.ts')
  const vite = await createVite({
    root: blocks.folder,
    configFile: false,
    logLevel: 'silent',
    optimizeDeps: { noDiscovery: true },
    server: { ...config.server, port: 0, ws: false },
  })
  try {
    await vite.listen()
    const [page = ''] = vite.resolvedUrls?.local ?? []
    const { body } = await fetch(new URL('rpc/messages', page), { method: 'POST' })
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    expect((await reader.read()).done).toBe(false)
    upstream.closeAllConnections()
    // Cut or ended: as there was no `done`, both are a cut to the client.
    const end = await reader.read().catch(() => ({ done: true }))
    expect(end.done).toBe(true)
  } finally {
    await vite.close()
  }
}, 30_000)
