interface User {
  readonly name: string
}

interface Message {
  readonly room: string
  readonly text: string
  readonly from: string
}

/** What the page uses of Socket.IO. */
interface Socket {
  readonly data: { user: User }
  readonly handshake: { readonly auth: { readonly token: string } }
  readonly rooms: ReadonlySet<string>
  join(room: string): void
  on(event: 'join', listener: (room: string) => void): void
  on(event: 'message', listener: (room: string, text: string, ack: (answer: object) => void) => void): void
  on(event: 'disconnecting', listener: () => void): void
}

export declare const io: {
  use(step: (socket: Socket, next: (error?: Error) => void) => void): void
  on(event: 'connection', listener: (socket: Socket) => void): void
  to(room: string): { emit(event: string, data: unknown): void }
}

export declare const db: { insert(message: Message): Promise<Message & { readonly id: string }> }

export declare function findUser(token: string): Promise<User>
