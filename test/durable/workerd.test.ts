import { afterAll, beforeAll, describe } from 'vitest'
import { runWorkerd, type Workerd } from '../tools/workerd.ts'
import { durableSuite } from './suite.ts'

let workerd: Workerd

beforeAll(async () => {
  workerd = await runWorkerd(`${import.meta.dirname}/worker.ts`, {
    CHAT_ROOM: 'ChatRoom',
    INTERACTIVE_CHAT_ROOM: 'InteractiveChatRoom',
    ROOM: 'Room',
    BRIEF_ROOM: 'BriefRoom',
  })
}, 60_000)

afterAll(() => workerd.close())

describe('durable event iterators in workerd', () => {
  const url = (): string => workerd.url.replace(/\/$/, '')
  const disturb = async (room: string): Promise<void> => {
    const json = { room, method: 'evict', args: [] }
    await fetch(`${url()}/rpc/tell`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ json }),
    })
  }
  durableSuite(() => ({ urls: [url()], disturb }), { forgetsAtOnce: true, spread: false })
})
