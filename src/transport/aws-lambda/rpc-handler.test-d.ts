import type { APIGatewayProxyEventV2, LambdaFunctionURLEvent } from 'aws-lambda'
import { test } from 'vitest'
import { os } from '../../server/builder.ts'
import { RPCHandler } from './rpc-handler.ts'

const handler = new RPCHandler({ ping: os.$context<{ db: string }>().handler(({ context }) => context.db) })
const stream = {} as awslambda.HttpResponseStream

test('handle() takes the events of Function URLs and HTTP APIs as they are typed for AWS', () => {
  handler.handle({} as LambdaFunctionURLEvent, stream, { context: { db: 'pg' } })
  handler.handle({} as APIGatewayProxyEventV2, stream, { prefix: '/rpc', context: { db: 'pg' } })
  // @ts-expect-error: no context
  handler.handle({} as LambdaFunctionURLEvent, stream, { prefix: '/rpc' })
})
