import { client } from './client.ts'
import { readStored, writeStored } from './storage.ts'
import { Store } from './store.ts'
import { username } from './username.ts'

/** The rooms that are always in the list. */
export const DEFAULT_ROOMS: readonly string[] = ['lobby', 'help', 'random']

export const MAX_ROOM_LENGTH = 100

/** The rooms that the user has joined besides. */
export const joinedRooms = new Store<readonly string[]>(readStored(localStorage, 'rooms', []))

/** The room in the address, so that it can be linked to. */
export const currentRoom = new Store<string>('lobby')

/** Keeps the current room and the address in step. Call it once, before anything is shown. */
export function startNavigation(): void {
  const follow = (): void => {
    const room = readAddress()
    currentRoom.set(room)
    if (!DEFAULT_ROOMS.includes(room) && !joinedRooms.state.includes(room)) joinRoom(room)
  }
  joinedRooms.subscribe(() => writeStored(localStorage, 'rooms', joinedRooms.state))
  window.addEventListener('hashchange', follow)
  follow()
}

export function toAddress(room: string): string {
  return `#${encodeURIComponent(room)}`
}

/** Shows a room; one that is not in the list yet is joined. */
export function goToRoom(name: string): void {
  const room = name.trim().slice(0, MAX_ROOM_LENGTH)
  if (room !== '') location.hash = toAddress(room)
}

export function leaveRoom(room: string): void {
  joinedRooms.set(joinedRooms.state.filter((joined) => joined !== room))
  client.chat.leave({ roomId: room }).catch(ignore)
  if (currentRoom.state === room) goToRoom('lobby')
}

function joinRoom(room: string): void {
  joinedRooms.set([...joinedRooms.state, room])
  client.chat.join({ roomId: room, username: username.state.trim() || 'guest' }).catch(ignore)
}

function readAddress(): string {
  try {
    return decodeURIComponent(location.hash.slice(1)).trim().slice(0, MAX_ROOM_LENGTH) || 'lobby'
  } catch {
    return 'lobby'
  }
}

/** Joining and leaving only tell the others: nothing in the room depends on it. */
function ignore(): void {}
