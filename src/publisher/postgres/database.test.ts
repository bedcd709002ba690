import { EventEmitter } from 'node:events'
import { expect, test, vi } from 'vitest'
import { rejection } from '../../../test/tools/probes.ts'
import type { PgPool, PgPoolClient } from './clients.ts'
import { queryOf } from './database.ts'

test('a server that shuts down in the same breath as it takes a connection only fails what was asked of it', async () => {
  const shutDown = Object.assign(new Error('terminating connection'), { code: '57P02', severity: 'FATAL' })
  const release = vi.fn()
  const connection = Object.assign(new EventEmitter(), { query: () => Promise.reject(shutDown), release })
  const pool: PgPool = {
    connect(callback) {
      callback(undefined, connection as unknown as PgPoolClient)
      connection.emit('error', shutDown)
    },
  }
  const query = queryOf(pool, { timeout: 1000, prepare: true })
  expect(await rejection(query('SELECT 1', []))).toBe(shutDown)
  expect(release).toHaveBeenCalledOnce()
  expect(connection.listenerCount('error')).toBe(0)
})
