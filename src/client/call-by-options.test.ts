import { expect, expectTypeOf, test } from 'vitest'
import { type } from '../core/schema.ts'
import { os } from '../server/builder.ts'
import { createRouterClient } from '../server/router-client.ts'
import { callByOptions } from './call-by-options.ts'

const router = {
  chat: {
    send: os.input(type<{ text: string }>()).handler(({ input, lastEventId }) => `${input.text} ${lastEventId}`),
  },
  ping: os.handler(() => 'pong'),
}

test('a client can be called with its input among the options', async () => {
  const orpc = callByOptions(createRouterClient(router))
  const answer = orpc.chat.send({ input: { text: 'Hello' }, lastEventId: '7' })
  expectTypeOf(answer).resolves.toEqualTypeOf<string>()
  expect([await answer, await orpc.ping()]).toEqual(['Hello 7', 'pong'])
  // @ts-expect-error the input is missing
  orpc.chat.send({}).catch(() => {})
})
