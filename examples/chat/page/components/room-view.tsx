import { useEventStream } from '../hooks/use-event-stream.ts'
import { useStore } from '../hooks/use-store.ts'
import type { Room } from '../model/room.ts'
import { Composer } from './composer.tsx'
import { ConnectionLight } from './connection-light.tsx'
import { MenuIcon } from './icons.tsx'
import { MessageList } from './message-list.tsx'

export function RoomView({ room, onOpenMenu }: { room: Room; onOpenMenu: () => void }) {
  const entries = useStore(room.entries)
  useEventStream(room.stream)
  return (
    <main className="room">
      <header className="room-header">
        <button type="button" className="icon-button menu-button" aria-label="Rooms and settings" onClick={onOpenMenu}>
          <MenuIcon />
        </button>
        <h1 className="room-name">{room.id}</h1>
        <ConnectionLight />
      </header>
      <MessageList entries={entries} />
      <Composer room={room} />
    </main>
  )
}
