import express from 'express'
import { expect, test } from 'vitest'
import { testOpenAPIHandler } from '../../../test/suites/openapi-handler.ts'
import { listen } from '../../../test/tools/serve.ts'
import { serveOpenAPINode } from '../../../test/tools/serve-openapi.ts'
import { os } from '../../server/builder.ts'
import { OpenAPIHandler } from './openapi-handler.ts'

testOpenAPIHandler(serveOpenAPINode)

test.each([
  ['a form', 'application/x-www-form-urlencoded', 'user[name]=Ada&tags[]=x&tags[]=y'],
  ['JSON', 'application/json', '{"user":{"name":"Ada"},"tags":["x","y"]}'],
])('%s that a parser of Express has read is taken from there', async (_, type, body) => {
  const handler = new OpenAPIHandler({ echo: os.handler(({ input }) => input) })
  const app = express()
  app.use(express.json(), express.urlencoded({ extended: true }))
  app.use('/api', async (request, response, next) => {
    const { matched } = await handler.handle(request, response)
    if (!matched) next()
  })
  const server = await listen(app)
  const response = await fetch(`http://127.0.0.1:${server.port}/api/echo`, {
    method: 'POST',
    headers: { 'content-type': type },
    body,
  })
  expect(await response.json()).toEqual({ user: { name: 'Ada' }, tags: ['x', 'y'] })
  await server.close()
})
