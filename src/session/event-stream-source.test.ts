import { expect, test } from 'vitest'
import type { StreamFrame } from '../event/resume.ts'
import { limitBlocks } from '../wire/sse-limit.ts'
import { EventStreamSource } from './event-stream-source.ts'

async function framesOf(text: string, maxBlockSize = 1000): Promise<StreamFrame[]> {
  const checkBlockSize = limitBlocks(maxBlockSize)
  const body = new Response(text).body as ReadableStream<Uint8Array>
  const source = new EventStreamSource(body, { silenceTimeout: 1_000, checkBlockSize, parseValue: (data) => data })
  const frames: StreamFrame[] = []
  for (;;) {
    const frame = await source.next()
    if (frame === undefined) return frames
    frames.push(frame)
    if (frame.type === 'error') return frames
  }
}

test('a position may come with a wait', async () => {
  expect(await framesOf('id: 7\nretry: 100\n\n')).toEqual([{ type: 'alive', meta: { id: '7', retry: 100 } }])
})

test('an event of an unknown name moves the position', async () => {
  expect(await framesOf('event: other\nid: 7\ndata: x\n\n')).toEqual([{ type: 'alive', meta: { id: '7' } }])
  expect(await framesOf('event: other\nretry: 5\ndata: x\n\n')).toEqual([{ type: 'alive', meta: { retry: 5 } }])
})

test('an event with an empty name is a message', async () => {
  expect(await framesOf('event:\ndata: x\n\n')).toEqual([{ type: 'event', value: 'x', meta: undefined }])
})

test('what came before a block that is too long is handed out first', async () => {
  expect(await framesOf(`data: 1\n\ndata: ${'x'.repeat(100)}\n\n`, 50)).toEqual([
    { type: 'event', value: '1', meta: undefined },
    { type: 'error', error: expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }) },
  ])
})
