import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { toSink } from './writable.ts'

/** What each call of the system below would have been given. */
function watched() {
  const calls: string[] = []
  const writable = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      calls.push(String(chunk))
      done()
    },
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => String(chunk)).join(''))
      done()
    },
  })
  return { calls, sink: toSink(writable, (text) => Buffer.from(text)) }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the first event of a turn is sent at once, those that follow in it together', async () => {
  const { calls, sink } = watched()
  for (const id of ['1', '2', '3']) sink.event(id, undefined)
  expect(calls).toEqual(['event: message\ndata: 1\n\n'])
  await nextTurn()
  expect(calls.slice(1)).toEqual(['event: message\ndata: 2\n\nevent: message\ndata: 3\n\n'])
})

test('what is written in turns of its own waits for nothing', async () => {
  const { calls, sink } = watched()
  for (const id of ['1', '2']) {
    sink.event(id, undefined)
    expect(calls.at(-1)).toBe(`event: message\ndata: ${id}\n\n`)
    await nextTurn()
  }
  expect(calls).toHaveLength(2)
})

test('who writes more in a turn than there is room for is told, and told again when it has gone', async () => {
  const { calls, sink } = watched()
  while (!sink.full) sink.event('x'.repeat(1000), undefined)
  await sink.drained()
  expect(sink.full).toBe(false)
  expect(calls).toHaveLength(2)
})
