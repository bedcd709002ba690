import { both, type Recipients } from './recipients.ts'
import { type Room, type RoomSocket, SEAT } from './room.ts'
import { listSockets, originOf, type SocketTest, strangersPass } from './socket-list.ts'

/** Whom an event is for. */
export interface PublishEventOptions {
  /** Clients whose token has one of these tags, be they here, elsewhere, or away for a moment. */
  readonly tags?: readonly string[] | undefined
  /** Only these sockets, or those that pass. */
  readonly targets?: readonly RoomSocket[] | ((socket: any) => boolean) | undefined
  /** Not these sockets, nor those that pass. */
  readonly exclude?: readonly RoomSocket[] | ((socket: any) => boolean) | undefined
}

/** Sockets, tests and tags as what can be stored with the event. */
export function chooseRecipients(room: Room, { tags, targets, exclude }: PublishEventOptions): Recipients {
  const chosen: Recipients[] = [tags === undefined ? {} : { tags }]
  if (typeof targets === 'function') chosen.push(passing(room, listSockets(room.sockets()).filter(targets)))
  else if (targets !== undefined) chosen.push(passing(room, targets))
  if (typeof exclude === 'function') {
    const test: SocketTest = (socket) => !exclude(socket)
    chosen.push(passing(room, listSockets(room.sockets()).filter(test)))
  } else if (exclude !== undefined) chosen.push({ except: seatsOf(room, exclude) })
  return chosen.reduce(both)
}

/** Those on a list; everybody whom its filters let pass, where it is one of all sockets. */
function passing(room: Room, list: readonly RoomSocket[]): Recipients {
  const origin = originOf(list)
  if (origin === undefined) return { only: seatsOf(room, list) }
  const tagged: Recipients = origin.tag === undefined ? {} : { tags: [origin.tag] }
  if (origin.tests.length === 0) return tagged
  if (!strangersPass(origin.tests)) return { ...tagged, only: seatsOf(room, list) }
  const others = room.sockets(origin.tag).filter((socket) => !list.includes(socket))
  return { ...tagged, except: seatsOf(room, others) }
}

function seatsOf(room: Room, sockets: readonly RoomSocket[]): string[] {
  return sockets.map((socket) => {
    const attachment = room.load(socket)
    if (attachment === undefined) throw new TypeError('A socket that an event is published to is none of this object')
    return attachment[SEAT]
  })
}
