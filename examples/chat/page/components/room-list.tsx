import { useStore } from '../hooks/use-store.ts'
import { currentRoom, DEFAULT_ROOMS, joinedRooms, leaveRoom, toAddress } from '../model/rooms.ts'
import { CloseIcon } from './icons.tsx'

export function RoomList({ onChoose }: { onChoose: () => void }) {
  const current = useStore(currentRoom)
  const joined = useStore(joinedRooms)
  return (
    <nav aria-label="Rooms">
      <h2 className="section-title">Rooms</h2>
      <ul className="rooms">
        {[...DEFAULT_ROOMS, ...joined].map((room) => (
          <li key={room} className="room-item">
            <a
              className="room-link"
              href={toAddress(room)}
              aria-current={room === current ? 'page' : undefined}
              title={room}
              onClick={onChoose}
            >
              {room}
            </a>
            {joined.includes(room) && (
              <button
                type="button"
                className="icon-button leave-button"
                aria-label={`Leave ${room}`}
                onClick={() => leaveRoom(room)}
              >
                <CloseIcon />
              </button>
            )}
          </li>
        ))}
      </ul>
    </nav>
  )
}
