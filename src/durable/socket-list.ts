import type { RoomSocket } from './room.ts'

export type SocketTest = (socket: any) => unknown

/** What a list of sockets was made from: all of an object, or those with a tag, and what was asked of them. */
interface Origin {
  readonly tag: string | undefined
  readonly tests: readonly SocketTest[]
  /** What was on it when it was made. */
  readonly sockets: readonly RoomSocket[]
}

const origins = new WeakMap<object, Origin>()

/**
 * The sockets of an object as a list that remembers how it was made. Who publishes to it means everybody whom its filters
 * let pass: also a client that is away for a moment, or connected to another process.
 */
export function listSockets<Socket extends RoomSocket>(
  sockets: readonly Socket[],
  tag?: string,
  tests: readonly SocketTest[] = [],
): Socket[] {
  const list = [...sockets]
  origins.set(list, { tag, tests, sockets })
  const filter = (test: SocketTest, self?: unknown): Socket[] => {
    const kept = Array.prototype.filter.call(list, test, self) as Socket[]
    return listSockets(kept, tag, [...tests, (socket) => test.call(self, socket)])
  }
  return Object.defineProperty(list, 'filter', { value: filter })
}

/** How a list was made; `undefined` for any other, and for one that was changed since. */
export function originOf(list: readonly RoomSocket[]): Origin | undefined {
  const origin = origins.get(list)
  if (origin === undefined || origin.sockets.length !== list.length) return undefined
  return origin.sockets.every((socket, index) => socket === list[index]) ? origin : undefined
}

/** Thrown by a stranger that is asked who it is. */
export class UnknownSocket extends Error {}

/** Stands for the sockets that are not here. */
class Stranger implements RoomSocket {
  readonly readyState = 1

  send(): void {}

  close(): void {}

  deserializeAttachment(): never {
    throw new UnknownSocket('This socket is not here')
  }
}

export function isStranger(socket: unknown): boolean {
  return socket instanceof Stranger
}

/**
 * Whether a socket that is not here passes: yes only where that can be said without knowing whose it is, as by
 * `(other) => other !== ws`.
 */
export function strangersPass(tests: readonly SocketTest[]): boolean {
  const stranger = new Stranger()
  try {
    return tests.every((test) => test(stranger))
  } catch {
    return false
  }
}
