// @vitest-environment happy-dom
import { callByOptions, consumeEventIterator } from 'headwater/client'
import { type ContractRouterClient, eventIterator, oc } from 'headwater/contract'
import { Publisher } from 'headwater/publisher'
import { MemoryLog } from 'headwater/publisher/memory'
import { useEventIterator, useManualEventIterator } from 'headwater/react'
import { createRouterClient, implement } from 'headwater/server'
import { act, type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ReactPage } from '../tools/react-page.ts'

// The client blocks of "Advanced Patterns", and the same on the hooks of `headwater/react`. Changed: the import specifiers,
// of which `useEffect` was missing in the chat room, and the format; `onNotification` is read from a ref, as the seed's
// dependency list would open the stream again at every render of who passes it inline; the manual hook takes the stream
// that it connects to, as the seed's chat room uses it for another one, and keeps `cancel` in a ref from before the
// stream is open, so that its functions stay the same and nothing is left open; what an aborted run says is not heard, as
// under Strict Mode it is not the last one. Left out: what it writes to the console.

type NotificationEvent = z.infer<typeof notificationEventSchema>

// What stands behind `@/lib/orpc` and `@repo/api-contracts`: the contracts of the seed, and a server in this process.

const types = z.enum(['info', 'warning', 'error', 'success'])

const notificationEventSchema = z.object({
  id: z.string(),
  type: types,
  message: z.string(),
  timestamp: z.string().datetime(),
})

const chatMessageSchema = z.object({
  id: z.string(),
  roomId: z.string(),
  userId: z.string(),
  username: z.string(),
  message: z.string(),
  timestamp: z.string().datetime(),
})

type ChatMessage = z.infer<typeof chatMessageSchema>

const contract = {
  notifications: {
    stream: oc
      .input(z.object({ userId: z.string().optional(), types: z.array(types).optional() }))
      .output(eventIterator(notificationEventSchema)),
  },
  chat: {
    stream: oc.input(z.object({ roomId: z.string() })).output(eventIterator(chatMessageSchema)),
    sendMessage: oc.input(z.object({ roomId: z.string(), message: z.string() })).output(chatMessageSchema),
  },
}

const publisher = new Publisher<{ notifications: NotificationEvent; [room: `room:${string}`]: ChatMessage }>(
  new MemoryLog(),
)

/** How often the streams were opened, and how many are open. */
const seen = { opened: 0, open: 0 }

async function* counted<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event> {
  seen.opened++
  seen.open++
  try {
    yield* events
  } finally {
    seen.open--
  }
}

const api = implement(contract)
const router = api.router({
  notifications: {
    stream: api.notifications.stream.handler(async function* ({ signal, lastEventId }) {
      yield* counted(publisher.subscribe('notifications', { signal, lastEventId }))
    }),
  },
  chat: {
    stream: api.chat.stream.handler(async function* ({ input, signal, lastEventId }) {
      yield* counted(publisher.subscribe(`room:${input.roomId}`, { signal, lastEventId }))
    }),
    sendMessage: api.chat.sendMessage.handler(async ({ input }) => {
      const message = { ...input, id: '1', userId: 'ada', username: 'Ada', timestamp: new Date().toISOString() }
      await publisher.publish(`room:${input.roomId}`, message)
      return message
    }),
  },
})

const client: ContractRouterClient<typeof contract> = createRouterClient(router)
const orpc = callByOptions(client)

/** What the toasts of `sonner` would show. */
const shown: string[] = []

const show =
  (type: string) =>
  (message: string): void => {
    shown.push(`${type}: ${message}`)
  }

const toast: Record<'info' | 'warning' | 'error' | 'success', (message: string) => void> = {
  info: show('info'),
  warning: show('warning'),
  error: show('error'),
  success: show('success'),
}

interface UseNotificationStreamOptions {
  userId?: string
  types?: Array<'info' | 'warning' | 'error' | 'success'>
  onNotification?: (notification: NotificationEvent) => void
  enabled?: boolean
}

function useNotificationStream(options: UseNotificationStreamOptions = {}) {
  const [notifications, setNotifications] = useState<NotificationEvent[]>([])
  const [isConnected, setIsConnected] = useState(false)
  const [error, setError] = useState<Error | null>(null)

  const { userId, types, onNotification, enabled = true } = options
  const latest = useRef(onNotification)
  useEffect(() => {
    latest.current = onNotification
  })

  useEffect(() => {
    if (!enabled) return

    const controller = new AbortController()
    let cancel: (() => Promise<void>) | undefined

    const startStream = async () => {
      try {
        setIsConnected(true)
        setError(null)

        // Get the event iterator from ORPC
        const iterator = await orpc.notifications.stream({
          input: { userId, types },
          signal: controller.signal,
        })

        // Consume the iterator
        cancel = consumeEventIterator(iterator, {
          onEvent: (notification) => {
            setNotifications((prev) => [...prev, notification])
            latest.current?.(notification)
          },
          onError: (err) => {
            if (controller.signal.aborted) return
            setError(err as Error)
            setIsConnected(false)
          },
          onSuccess: () => {
            if (!controller.signal.aborted) setIsConnected(false)
          },
        })
      } catch (err) {
        if (controller.signal.aborted) return
        setError(err as Error)
        setIsConnected(false)
      }
    }

    startStream()

    return () => {
      controller.abort()
      cancel?.()
      setIsConnected(false)
    }
  }, [userId, types?.join(','), enabled])

  const clearNotifications = useCallback(() => {
    setNotifications([])
  }, [])

  return {
    notifications,
    isConnected,
    error,
    clearNotifications,
  }
}

// Alternative hook for manual control
function useNotificationStreamManual<Input, Event>(
  stream: (options: { readonly input: Input }) => Promise<AsyncIterator<Event, unknown, void>>,
) {
  const [notifications, setNotifications] = useState<Event[]>([])
  const [isConnected, setIsConnected] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  const cancel = useRef<(() => Promise<void>) | null>(null)

  const disconnect = useCallback(async () => {
    if (cancel.current) {
      const cancelled = cancel.current()
      cancel.current = null
      setIsConnected(false)
      await cancelled
    }
  }, [])

  const connect = useCallback(
    async (options: Input) => {
      const left = disconnect()

      setIsConnected(true)
      setError(null)

      cancel.current = consumeEventIterator(stream({ input: options }), {
        onEvent: (notification) => {
          setNotifications((prev) => [...prev, notification])
        },
        onError: (err) => {
          setError(err as Error)
          setIsConnected(false)
        },
        onSuccess: () => {
          setIsConnected(cancel.current !== null)
        },
      })
      await left
    },
    [disconnect, stream],
  )

  const clearNotifications = useCallback(() => {
    setNotifications([])
  }, [])

  return {
    notifications,
    isConnected,
    error,
    connect,
    disconnect,
    clearNotifications,
  }
}

function useChatRoom(roomId: string) {
  const { notifications: messages, isConnected, connect, disconnect } = useNotificationStreamManual(orpc.chat.stream)

  // Connect to room stream
  useEffect(() => {
    if (roomId) {
      connect({ roomId })
    }
    return () => {
      disconnect()
    }
  }, [roomId, connect, disconnect])

  // Send message function
  const sendMessage = async (message: string) => {
    return await orpc.chat.sendMessage({
      input: { roomId, message },
    })
  }

  return {
    messages,
    isConnected,
    sendMessage,
  }
}

function NotificationListener() {
  const { notifications, isConnected, error } = useNotificationStream({
    enabled: true,
    onNotification: (notification) => {
      // Show toast for each notification
      toast[notification.type](notification.message)
    },
  })

  return (
    <div>
      <div className="flex items-center gap-2">
        <div className={`h-2 w-2 rounded-full ${isConnected ? 'bg-green-500' : 'bg-red-500'}`} />
        <span className="text-sm">{isConnected ? 'Connected' : 'Disconnected'}</span>
      </div>

      {error && <div className="mt-2 text-sm text-red-500">Error: {error.message}</div>}

      <div className="mt-4 space-y-2">
        <h3 className="font-semibold">Recent Notifications</h3>
        {notifications.slice(-5).map((notification) => (
          <div key={notification.id} className="rounded border p-2">
            <span className="font-medium">{notification.type}:</span> {notification.message}
          </div>
        ))}
      </div>
    </div>
  )
}

const pages: ReactPage<any>[] = []

afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
  await vi.waitUntil(() => seen.open === 0)
  seen.opened = 0
})

async function open(component: () => ReactNode): Promise<ReactPage<object>> {
  const page = await ReactPage.open(component, {})
  pages.push(page)
  await page.until(() => seen.open === 1)
  return page
}

function notify(message: string): Promise<unknown> {
  const event = { id: message, type: 'info' as const, message, timestamp: new Date(0).toISOString() }
  return publisher.publish('notifications', event)
}

test("the seed's listener shows notifications and toasts them, with its callback inline", async () => {
  const page = await open(NotificationListener)
  const { opened } = seen
  await notify('one')
  await page.until(() => (page.element.textContent ?? '').includes('info: one'))
  await notify('two')
  await page.until(() => (page.element.textContent ?? '').includes('info: two'))
  expect(page.element.textContent).toContain('Connected')
  expect([shown, seen.opened]).toEqual([['info: one', 'info: two'], opened])
})

test("the seed's chat room shows what is sent to it", async () => {
  let room: ReturnType<typeof useChatRoom> | undefined
  function Room(): ReactNode {
    room = useChatRoom('lobby')
    return room.messages.map(({ message }) => message).join(' ')
  }
  const page = await open(Room)
  await act(async () => void (await room?.sendMessage('hello')))
  await page.until(() => page.element.textContent === 'hello')
  expect(room?.isConnected).toBe(true)
})

test('the same listener on useEventIterator is opened once', async () => {
  const toasts: string[] = []
  let cleared: () => void = () => {}
  function useNotificationStream({ onNotification }: { onNotification: (notification: NotificationEvent) => void }) {
    const { events, status, error, clear } = useEventIterator(client.notifications.stream, {
      input: { types: ['info'] },
      onEvent: onNotification,
    })
    return { notifications: events, isConnected: status === 'open', error, clearNotifications: clear }
  }
  function Listener(): ReactNode {
    const { notifications, isConnected, clearNotifications } = useNotificationStream({
      onNotification: ({ message }) => toasts.push(message),
    })
    cleared = clearNotifications
    return `${isConnected} ${notifications.map(({ message }) => message).join(' ')}`
  }
  const page = await open(Listener)
  await notify('three')
  await page.until(() => page.element.textContent === 'true three')
  await act(async () => cleared())
  expect([page.element.textContent, toasts, seen.opened]).toEqual(['true ', ['three'], 1])
})

test('the same chat room on useManualEventIterator is opened once', async () => {
  function Room(): ReactNode {
    const { events, connect, disconnect } = useManualEventIterator(client.chat.stream)
    useEffect(() => {
      connect({ roomId: 'lobby' })
      return () => disconnect()
    }, [connect, disconnect])
    return <p>{events.map(({ message }) => message).join(' ')}</p>
  }
  const page = await open(Room)
  await orpc.chat.sendMessage({ input: { roomId: 'lobby', message: 'again' } })
  await page.until(() => page.element.textContent === 'again')
  expect(seen.opened).toBe(1)
})
