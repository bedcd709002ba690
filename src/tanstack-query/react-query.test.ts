// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query'
import { createElement, type ReactNode } from 'react'
import { expect, test, vi } from 'vitest'
import { ReactPage } from '../../test/tools/react-page.ts'
import { MemoryLog } from '../publisher/memory-log.ts'
import { Publisher } from '../publisher/publisher.ts'
import { os } from '../server/builder.ts'
import { createRouterClient } from '../server/router-client.ts'
import { createQueryUtils } from './create-query-utils.ts'

test('a component shows a stream, opened once under strict mode, and again from where it left it', async () => {
  const publisher = new Publisher<{ room: { readonly n: number } }>(new MemoryLog())
  const asked: (string | undefined)[] = []
  let open = 0
  const orpc = createQueryUtils(
    createRouterClient({
      room: os.handler(async function* ({ signal, lastEventId }) {
        asked.push(lastEventId)
        open++
        try {
          yield* publisher.subscribe('room', { signal, lastEventId, from: 'start' })
        } finally {
          open--
        }
      }),
    }),
  )
  const Room = (): ReactNode =>
    useQuery(orpc.room.streamedOptions())
      .data?.map(({ n }) => n)
      .join(' ')
  const client = new QueryClient()
  const App = ({ shows }: { shows: boolean }): ReactNode =>
    createElement(QueryClientProvider, { client }, shows && createElement(Room))

  const page = await ReactPage.open(App, { shows: true })
  const first = await publisher.publish('room', { n: 1 })
  await page.until(() => page.element.textContent === '1')
  await page.render({ shows: false })
  await vi.waitUntil(() => open === 0)
  await publisher.publish('room', { n: 2 })
  await page.render({ shows: true })
  await page.until(() => page.element.textContent === '1 2')
  expect(asked).toEqual([undefined, first.id])
  await page.close()
  await vi.waitUntil(() => open === 0)
  client.clear()
  await publisher.close()
})
