import { expect, test } from 'vitest'
import { gate } from '../../../test/tools/gate.ts'
import { rejection, settle } from '../../../test/tools/probes.ts'
import type { KafkaAdmin, KafkaClient, KafkaProducer } from './kafka-client.ts'
import { KafkaLog } from './kafka-log.ts'

/** A client of which only some answer. */
function clientOf({
  admin,
  producer,
}: {
  admin?: Partial<KafkaAdmin>
  producer?: Partial<KafkaProducer>
}): KafkaClient {
  const lifetime = { connect: async () => {}, disconnect: async () => {} }
  return {
    admin: () => ({ ...lifetime, fetchTopicOffsets: async () => [{ partition: 0, low: '0', high: '0' }], ...admin }),
    producer: () => ({ ...lifetime, send: async () => [{ baseOffset: '0' }], ...producer }),
    consumer: () => {
      throw new Error('Nobody reads')
    },
  }
}

const append = (log: KafkaLog) => log.append('c', [{ data: '1' }], { retention: {} })
const never = (): Promise<never> => new Promise(() => {})

const failure = (type: string): Error =>
  new Error('given up', { cause: Object.assign(new Error('the broker answered'), { type }) })

test.each([
  ['MESSAGE_TOO_LARGE', 'PAYLOAD_TOO_LARGE'],
  ['NOT_LEADER_FOR_PARTITION', 'SERVICE_UNAVAILABLE'],
  ['TOPIC_AUTHORIZATION_FAILED', 'SERVICE_UNAVAILABLE'],
  ['NOT_ENOUGH_REPLICAS', 'SERVICE_UNAVAILABLE'],
  ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'APPEND_UNKNOWN'],
  ['REQUEST_TIMED_OUT', 'APPEND_UNKNOWN'],
])('what a broker answers with %s is %s', async (type, code) => {
  const log = new KafkaLog(clientOf({ producer: { send: () => Promise.reject(failure(type)) } }))
  expect(await rejection(append(log))).toMatchObject({ code })
})

test('a broker that does not answer is not waited for longer than the timeout', async () => {
  const sends = new KafkaLog(clientOf({ producer: { send: never } }), { timeout: 10 })
  expect(await rejection(append(sends))).toMatchObject({ code: 'APPEND_UNKNOWN' })
  const connects = new KafkaLog(clientOf({ producer: { connect: never } }), { timeout: 10 })
  expect(await rejection(append(connects))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  const looks = new KafkaLog(clientOf({ admin: { fetchTopicOffsets: never } }), { timeout: 10 })
  expect(await rejection(looks.heads(['c']))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
})

test('a log that is closed while it looks for its topic opens nothing more', async () => {
  const found = gate()
  let producers = 0
  const client = clientOf({
    admin: {
      fetchTopicOffsets: async () => {
        await found.opened
        return [{ partition: 0, low: '0', high: '0' }]
      },
    },
  })
  const log = new KafkaLog({
    ...client,
    producer: (options) => {
      producers++
      return client.producer(options)
    },
  })
  const appended = rejection(append(log))
  await settle()
  await log.close()
  found.open()
  expect(await appended).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  expect(producers).toBe(0)
})
