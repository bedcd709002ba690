import type { EventGapData } from 'headwater/client'
import type { ChatMessage } from '../../contract/index.ts'
import { client } from './client.ts'
import { EventStream } from './event-stream.ts'
import { describeFailure } from './failure.ts'
import { Store } from './store.ts'
import { username } from './username.ts'

/** What a room shows: messages, and notices between them. */
export type Entry =
  | { readonly type: 'message'; readonly message: ChatMessage }
  | { readonly type: 'notice'; readonly key: number; readonly text: string }

/** What stands in the composer: it stays there until the server has it. */
export interface Draft {
  readonly text: string
  readonly isSending: boolean
  /** Why it could not be sent. */
  readonly failure?: string
}

const EMPTY: Draft = { text: '', isSending: false }

/** How long the server may take to answer, in ms. */
const SEND_TIMEOUT = 10_000

/** What this page knows of a room. It outlives the room's view: who comes back finds all as it was. */
export class Room {
  readonly id: string
  readonly entries = new Store<readonly Entry[]>([])
  readonly draft = new Store<Draft>(EMPTY)
  readonly stream: EventStream<ChatMessage>
  #added: Entry[] = []

  constructor(id: string) {
    this.id = id
    this.stream = new EventStream({
      open: (options) => client.chat.stream({ roomId: id }, options),
      onEvent: (message) => this.#add({ type: 'message', message }),
      onGap: ({ reason }) => this.#tellGap(reason),
      onRefusal: (error) => this.#tell(`This room cannot be shown: ${error.message}`),
    })
  }

  /** Sends the draft. It is never sent twice without being asked to: the first one may have arrived. */
  async send(): Promise<void> {
    const { text, isSending } = this.draft.state
    const message = text.trim()
    if (isSending || message === '') return
    this.draft.set({ text, isSending: true })
    try {
      const signal = AbortSignal.timeout(SEND_TIMEOUT)
      const name = username.state.trim()
      await client.chat.sendMessage({ roomId: this.id, message, ...(name && { username: name }) }, { signal })
      this.draft.set(EMPTY)
    } catch (error) {
      this.draft.set({ text, isSending: false, failure: describeFailure(error) })
    }
  }

  #tellGap(reason: EventGapData['reason']): void {
    if (this.#length === 0) return
    const lost = 'The server has lost its history: earlier messages live only on this page'
    this.#tell(reason === 'epoch' ? lost : 'Some messages are missing here: the server no longer has them')
  }

  #tell(text: string): void {
    this.#add({ type: 'notice', key: this.#length, text })
  }

  /** What arrives together is shown together: a room's history comes as a thousand events in a row. */
  #add(entry: Entry): void {
    if (this.#added.push(entry) > 1) return
    setTimeout(() => {
      const added = this.#added
      this.#added = []
      this.entries.set([...this.entries.state, ...added])
    })
  }

  get #length(): number {
    return this.entries.state.length + this.#added.length
  }
}

const rooms = new Map<string, Room>()

export function findRoom(id: string): Room {
  const room = rooms.get(id) ?? new Room(id)
  rooms.set(id, room)
  return room
}
