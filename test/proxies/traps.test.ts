import { describe, expect, test } from 'vitest'
import { freePort } from '../tools/free-port.ts'
import { findProxy, type ProxyName, ProxyServer } from '../tools/proxy-server.ts'
import { recipe } from './doc-blocks.ts'
import { publish, serveApp } from './served-app.ts'

/** Resolves with what the first event of a stream and its answer's encoding are, behind a proxy whose block is changed. */
async function openBehind(name: ProxyName, change: (block: string) => string, patience = 10_000) {
  const port = await freePort()
  const server = await serveApp(port, { heartbeat: 60_000 })
  const block = recipe(name, 'least', [port, port])
  const proxy = await ProxyServer.start(name, (port) => change(block(port)))
  try {
    const channel = `trap-${port}`
    const input = encodeURIComponent(JSON.stringify({ json: channel }))
    const signal = AbortSignal.timeout(patience)
    const response = await fetch(`http://127.0.0.1:${proxy.port}/rpc/watch?data=${input}`, { signal })
    await publish(channel, 1)
    let text = ''
    for await (const chunk of (response.body as ReadableStream).pipeThrough(new TextDecoderStream())) {
      text += chunk
      if (text.includes('"n":1')) break
    }
    return { encoding: response.headers.get('content-encoding') }
  } finally {
    await server.close()
    await proxy.stop()
  }
}

const add = (line: string) => (block: string) => block.replace('location', `${line}\n    location`)

describe.skipIf(findProxy('nginx') === undefined)('nginx', () => {
  test('passes events on over HTTP/1.0, which is its default towards servers', async () => {
    const opened = await openBehind('nginx', (block) => block.replace('proxy_http_version 1.1;', ''))
    expect(opened).toEqual({ encoding: null })
  })

  test('passes events on when it compresses them', async () => {
    expect(await openBehind('nginx', add('gzip_types text/event-stream;'))).toEqual({ encoding: 'gzip' })
  })

  test('holds everything back when it ignores that it is told not to', async () => {
    const deaf = add('proxy_ignore_headers X-Accel-Buffering; gzip_types text/event-stream;')
    await expect(openBehind('nginx', deaf, 500)).rejects.toMatchObject({ name: 'TimeoutError' })
  })
})

test.skipIf(findProxy('HAProxy') === undefined)('HAProxy compresses no stream, though told to', async () => {
  const compressing = 'compression algo gzip\n    compression type text/event-stream\n    default_backend'
  const opened = await openBehind('HAProxy', (block) => block.replace('default_backend', compressing))
  expect(opened).toEqual({ encoding: null })
})
