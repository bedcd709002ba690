import { expect, test } from 'vitest'
import { rejection, settle } from '../../../test/tools/probes.ts'
import { formatRecord } from '../record-text.ts'
import type { KafkaBatch } from './kafka-client.ts'
import { Partition } from './partition.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function open(options: { readonly timeout?: number } = {}) {
  const seeks: number[] = []
  let strays = 0
  const partition = new Partition(
    { low: 0, high: 0 },
    {
      seek: (offset) => seeks.push(offset),
      onRecord: () => {},
      onStray: () => strays++,
      timeout: 5000,

      ...options,
    },
  )
  /** As many records from an offset on as the client hands over when it was there. */
  const receive = (from: number, count: number, fetchedOffset = from): void => {
    const messages = Array.from({ length: count }, (_, n) => ({
      key: bytes('c'),
      value: bytes(formatRecord('abc123', { data: String(from + n) })),
      offset: String(from + n),
    }))
    const batch = {
      partition: 0,
      messages,
      fetchedOffset: String(fetchedOffset),
      lastOffset: () => String(from + count - 1),
    }
    partition.receive({ batch, resolveOffset: () => {}, isStale: () => false } satisfies KafkaBatch)
  }
  return { partition, receive, seeks, strays: () => strays }
}

test('a client that has gone somewhere else by itself is noticed once, and brought back when somebody looks', async () => {
  const { partition, receive, seeks, strays } = open()
  receive(0, 3)
  for (const _ of [1, 2]) receive(7, 1)
  expect(strays()).toBe(1)
  expect(partition.recent).toBeUndefined()
  const caughtUp = partition.catchUp({ low: 0, high: 8 })
  expect(seeks).toEqual([3])
  receive(3, 5)
  expect((await caughtUp).head.offset).toBe(8)
})

test('a partition that was trimmed beyond its reader begins anew at its end', async () => {
  const { partition, receive, seeks } = open()
  receive(0, 3)
  const caughtUp = partition.catchUp({ low: 50, high: 60 })
  expect(seeks).toEqual([59])
  receive(59, 1)
  expect((await caughtUp).head.offset).toBe(60)
  expect(partition.low).toBe(50)
})

test('who waits is let go when the log is closed, or when nothing comes', async () => {
  const { partition } = open()
  const waiting = rejection(partition.catchUp({ low: 0, high: 1 }))
  await settle()
  partition.close(new Error('closed'))
  expect((await waiting).message).toBe('closed')
  const late = rejection(open({ timeout: 10 }).partition.catchUp({ low: 0, high: 1 }))
  expect(await late).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
})
