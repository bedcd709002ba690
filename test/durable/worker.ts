import { DurableEventIterator, DurableEventIteratorHandlerPlugin } from 'headwater/durable'
import { upgradeDurableEventIteratorRequest } from 'headwater/durable/durable-object'
import { onError, os, RPCError } from 'headwater/server'
import { RPCHandler } from 'headwater/server/fetch'
import { z } from 'zod'
import { BriefRoom, Room, runs } from './rooms.ts'
import { ChatRoom, InteractiveChatRoom } from './seed-rooms.ts'

export { BriefRoom, ChatRoom, InteractiveChatRoom, Room }

/** What a host gives: its own namespaces, and nothing else that these tests would use. */
export interface Env {
  readonly CHAT_ROOM: any
  readonly INTERACTIVE_CHAT_ROOM: any
  readonly ROOM: any
  readonly BRIEF_ROOM: any
}

const base = os.$context<{ env: Env }>()

/** The seed's procedures. */
const seed = {
  onMessage: base.handler(({ context }) => {
    void context
    return new DurableEventIterator<ChatRoom>('some-room', {
      signingKey: 'secret-key', // Replace with your actual signing key
    })
  }),

  sendMessage: base.input(z.object({ message: z.string() })).handler(async ({ context, input }) => {
    const id = context.env.CHAT_ROOM.idFromName('some-room')
    const stub = context.env.CHAT_ROOM.get(id)

    await stub.publishMessage(input.message)
  }),

  onInteractiveMessage: base.handler(({ context }) => {
    void context
    return new DurableEventIterator<InteractiveChatRoom>('some-room', {
      signingKey: 'secret-key', // Replace with your actual signing key
      att: {
        userId: 'user-123', // User-specific data
      },
    }).rpc('publishMessage', 'router') // List of allowed methods
  }),
}

/** Settings that tests change. */
const settings = { key: 'room-key', refused: false, kept: false, tokens: 0 }

/** Tokens that were handed out before, by rooms. */
const kept = new Map<string, unknown>()

const RoomInput = z.object({
  room: z.string(),
  userId: z.string().optional(),
  tags: z.array(z.string()).optional(),
  ttl: z.number().optional(),
  methods: z.array(z.enum(['publishMessage', 'router', 'secret'])).optional(),
})

const router = {
  ...seed,
  open: base.input(RoomInput).handler(async ({ input: { room, userId, methods = [], ...options } }) => {
    settings.tokens++
    if (settings.refused) throw new RPCError('FORBIDDEN', { message: 'You are out' })
    const att = userId === undefined ? undefined : { userId }
    const iterator = new DurableEventIterator<Room>(room, { signingKey: settings.key, att, ...options }).rpc(...methods)
    if (!settings.kept) return iterator
    if (!kept.has(room)) kept.set(room, await iterator)
    return kept.get(room) as Awaited<typeof iterator>
  }),
  openBrief: base.input(RoomInput).handler(({ input: { room, tags, ttl } }) => {
    settings.tokens++
    return new DurableEventIterator<BriefRoom>(room, { signingKey: 'brief-key', tags, ttl })
  }),
  /** Calls a method of an object through its stub. */
  tell: base
    .input(z.object({ room: z.string(), brief: z.boolean().optional(), method: z.string(), args: z.array(z.any()) }))
    .handler(({ context: { env }, input: { room, brief, method, args } }): Promise<unknown> => {
      const namespace = brief ? env.BRIEF_ROOM : env.ROOM
      return namespace.get(namespace.idFromName(room))[method](...args)
    }),
  configure: base
    .input(z.object({ key: z.string(), refused: z.boolean(), kept: z.boolean() }).partial())
    .handler(({ input }) => void Object.assign(settings, input)),
  observe: base.handler(() => ({ ...runs, tokens: settings.tokens })),
}

const handler = new RPCHandler(router, {
  plugins: [new DurableEventIteratorHandlerPlugin()],
  interceptors: [onError(() => {})],
})

const worker = {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url)

    if (url.pathname === '/chat-room') {
      return upgradeDurableEventIteratorRequest(request, {
        signingKey: 'secret-key', // Replace with your actual signing key
        namespace: env.CHAT_ROOM,
      })
    }
    if (url.pathname === '/interactive-chat-room') {
      return upgradeDurableEventIteratorRequest(request, {
        signingKey: 'secret-key',
        namespace: env.INTERACTIVE_CHAT_ROOM,
      })
    }
    if (url.pathname === '/room') {
      return upgradeDurableEventIteratorRequest(request, {
        signingKey: ['room-key', 'old-room-key'],
        namespace: env.ROOM,
      })
    }
    if (url.pathname === '/brief-room') {
      return upgradeDurableEventIteratorRequest(request, { signingKey: 'brief-key', namespace: env.BRIEF_ROOM })
    }
    // Past the door, as nobody should let requests go.
    if (url.pathname.startsWith('/past-the-door/')) {
      return env.ROOM.get(env.ROOM.idFromName(url.pathname.split('/')[2])).fetch(request)
    }
    const { response } = await handler.handle(request, { prefix: '/rpc', context: { env } })
    return response ?? new Response('Not Found', { status: 404 })
  },
}

// biome-ignore lint/style/noDefaultExport: a worker is one.
export default worker
