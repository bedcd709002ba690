import { encodeHibernationRPCEvent as encodeReference } from '@orpc/server/hibernation'
import { expect, test } from 'vitest'
import { RPCError } from '../../core/error.ts'
import { withEventMeta } from '../../event/event-meta.ts'
import { AUTO_RESPONSE, encodeHibernationRPCEvent } from './hibernation.ts'

const payload = { at: new Date(0), text: 'Hello', tags: new Set(['a']) }

test('events and the end of a stream are encoded as the reference implementation does', () => {
  expect(JSON.parse(encodeHibernationRPCEvent('7', payload))).toEqual(JSON.parse(encodeReference('7', payload)))
  expect(JSON.parse(encodeHibernationRPCEvent('7', 'over', { event: 'done' }))).toEqual(
    JSON.parse(encodeReference('7', 'over', { event: 'done' })),
  )
})

test('errors are encoded, unexpected ones without what is in them', () => {
  const known = new RPCError('CONFLICT', { status: 409, message: 'Taken', data: { by: 'Ada' } })
  const frame = (error: Error): unknown => JSON.parse(encodeHibernationRPCEvent('7', error, { event: 'error' }))
  expect(frame(known)).toMatchObject({ i: '7', t: 3, p: { e: 'error', d: { json: known.toJSON() } } })
  expect(frame(new Error('secret'))).toMatchObject({ p: { d: { json: { code: 'INTERNAL_SERVER_ERROR' } } } })
  expect(JSON.stringify(frame(new Error('secret')))).not.toContain('secret')
})

test('the meta of an event goes with it', () => {
  const event = withEventMeta({ text: 'Hello' }, { id: 'a:1', retry: 100 })
  expect(JSON.parse(encodeHibernationRPCEvent('7', event))).toMatchObject({ p: { m: { id: 'a:1', retry: 100 } } })
})

test('types of your own are encoded', () => {
  class Point {
    readonly x = 1
  }
  const point = {
    type: 21,
    condition: (value: unknown) => value instanceof Point,
    serialize: (value: Point) => value.x,
    deserialize: () => new Point(),
  }
  const frame = encodeHibernationRPCEvent('7', { p: new Point() }, { customSerializers: [point] })
  expect(JSON.parse(frame)).toMatchObject({ p: { d: { json: { p: 1 }, meta: [[21, 'p']] } } })
})

test('the automatic response is the exact heartbeat of a client', () => {
  expect(AUTO_RESPONSE).toEqual(['{"t":6}', '{"t":7}'])
})
