import { useEffect, useState } from 'react'
import { useEventStream } from '../hooks/use-event-stream.ts'
import { useStore } from '../hooks/use-store.ts'
import { findRoom } from '../model/room.ts'
import { currentRoom } from '../model/rooms.ts'
import { notificationStream } from '../model/toasts.ts'
import { RoomView } from './room-view.tsx'
import { Sidebar } from './sidebar.tsx'
import { ToastList } from './toast-list.tsx'

export function App() {
  const roomId = useStore(currentRoom)
  const [isMenuOpen, setMenuOpen] = useState(false)
  useEventStream(notificationStream)

  useEffect(() => {
    document.title = `${roomId} · Headwater chat`
    setMenuOpen(false)
  }, [roomId])

  return (
    <div className="app">
      <Sidebar isOpen={isMenuOpen} onClose={() => setMenuOpen(false)} />
      <RoomView key={roomId} room={findRoom(roomId)} onOpenMenu={() => setMenuOpen(true)} />
      <ToastList />
    </div>
  )
}
