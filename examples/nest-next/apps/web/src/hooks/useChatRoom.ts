'use client'

import { useManualEventIterator } from 'headwater/react'
import { useEffect } from 'react'
import { client, orpc } from '@/lib/orpc'

export function useChatRoom(roomId: string) {
  const { events, status, connect, disconnect } = useManualEventIterator(client.chat.stream, { onReset: () => {} })

  useEffect(() => {
    if (roomId) connect({ roomId })
    return () => disconnect()
  }, [roomId, connect, disconnect])

  const sendMessage = (message: string) => orpc.chat.sendMessage({ input: { roomId, message } })

  return { messages: events, isConnected: status === 'open', sendMessage }
}
