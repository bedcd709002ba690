import type { ChatMessage } from '../../contract/index.ts'
import type { Entry } from './room.ts'

/** What one user said in one go. */
export interface MessageGroup {
  readonly type: 'group'
  readonly messages: [ChatMessage, ...ChatMessage[]]
}

export type Block = MessageGroup | Extract<Entry, { type: 'notice' }>

/** A pause this long, in ms, begins a new group. */
const PAUSE = 5 * 60_000

export function groupEntries(entries: readonly Entry[]): Block[] {
  const blocks: Block[] = []
  for (const entry of entries) {
    const last = blocks.at(-1)
    if (entry.type === 'notice') blocks.push(entry)
    else if (last?.type === 'group' && belongsTo(last, entry.message)) last.messages.push(entry.message)
    else blocks.push({ type: 'group', messages: [entry.message] })
  }
  return blocks
}

function belongsTo({ messages }: MessageGroup, message: ChatMessage): boolean {
  const last = messages.at(-1) ?? messages[0]
  const isSameUser = last.userId === message.userId && last.username === message.username
  return isSameUser && Date.parse(message.timestamp) - Date.parse(last.timestamp) < PAUSE
}
