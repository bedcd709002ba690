import { DurableEventIterator } from 'headwater/durable'
import { os } from 'headwater/server'
import { z } from 'zod'
import type { ChatRoom } from './chat-room.ts'

export interface Env {
  readonly CHAT_ROOM: {
    idFromName(name: string): unknown
    get(id: any): {
      fetch(request: Request): Promise<Response>
      publishMessage(message: string): Promise<void>
      count(): Promise<number>
    }
  }
  readonly SIGNING_KEY: string
}

const base = os.$context<{ env: Env }>()
const room = z.string().regex(/^[a-z0-9-]{1,32}$/)

export const router = {
  /** What is said in a room, and how to say something. */
  onMessage: base
    .input(z.object({ room, userId: z.string().trim().min(1).max(32) }))
    .handler(({ context: { env }, input }) =>
      new DurableEventIterator<ChatRoom>(input.room, {
        signingKey: env.SIGNING_KEY,
        att: { userId: input.userId },
      }).rpc('say'),
    ),

  /** What the outside says to a room. */
  sendMessage: base
    .input(z.object({ room, message: z.string().min(1).max(500) }))
    .handler(({ context: { env }, input }) => roomOf(env, input.room).publishMessage(input.message)),

  count: base.input(z.object({ room })).handler(({ context: { env }, input }) => roomOf(env, input.room).count()),
}

function roomOf({ CHAT_ROOM }: Env, name: string) {
  return CHAT_ROOM.get(CHAT_ROOM.idFromName(name))
}
