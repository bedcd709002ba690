import { expect, test } from 'vitest'
import { z } from 'zod'
import { oc } from './builder.ts'
import { populateContractRouterPaths } from './populate-paths.ts'

test('every procedure without a path gets the one of its place in the tree', () => {
  const contract = { ping: oc, chat: { send: oc.route({ method: 'PUT' }), 'to all': oc } }
  const { ping, chat } = populateContractRouterPaths(contract)
  expect(ping['~headwater'].route).toEqual({ path: '/ping' })
  expect(chat.send['~headwater'].route).toEqual({ method: 'PUT', path: '/chat/send' })
  expect(chat['to all']['~headwater'].route.path).toBe('/chat/to%20all')
  expect(contract.ping['~headwater'].route).toEqual({})
})

test('a path that was given stays, and so does the rest of a contract', () => {
  const input = z.string()
  const written = oc.route({ path: '/written' })
  const full = oc.input(input).errors({ A: {} }).meta({ m: 1 })
  const populated = populateContractRouterPaths({ written, full })
  expect(populated.written).toBe(written)
  expect(populated.full['~headwater']).toEqual({ ...full['~headwater'], route: { path: '/full' } })
  expect(populated.full['~headwater'].input).toBe(input)
})
