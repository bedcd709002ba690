import { type SubmitEvent, useState } from 'react'
import { goToRoom, MAX_ROOM_LENGTH } from '../model/rooms.ts'
import { PlusIcon } from './icons.tsx'

export function RoomForm({ onJoin }: { onJoin: () => void }) {
  const [name, setName] = useState('')

  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    if (name.trim() === '') return
    goToRoom(name)
    setName('')
    onJoin()
  }

  return (
    <form className="room-form" onSubmit={onSubmit}>
      <input
        className="field"
        data-testid="room-input"
        aria-label="Name of a room to join"
        placeholder="Join another room…"
        maxLength={MAX_ROOM_LENGTH}
        autoComplete="off"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="icon-button" aria-label="Join" disabled={name.trim() === ''}>
        <PlusIcon />
      </button>
    </form>
  )
}
