import { useMemo } from 'react'
import { useStickToBottom } from '../hooks/use-stick-to-bottom.ts'
import { useStore } from '../hooks/use-store.ts'
import { link } from '../model/client.ts'
import { groupEntries } from '../model/group-entries.ts'
import type { Entry } from '../model/room.ts'
import { DownIcon, WaveIcon } from './icons.tsx'
import { MessageGroupView } from './message-group.tsx'

export function MessageList({ entries }: { entries: readonly Entry[] }) {
  const { ref, isAtBottom, onScroll, scrollToBottom } = useStickToBottom(entries)
  const blocks = useMemo(() => groupEntries(entries), [entries])
  return (
    <div className="messages-frame">
      <div className="messages" ref={ref} onScroll={onScroll} role="log" aria-label="Messages">
        {blocks.length === 0 && <EmptyRoom />}
        {blocks.map((block) =>
          block.type === 'notice' ? (
            <div key={block.key} className="divider" data-testid="divider">
              <span>{block.text}</span>
            </div>
          ) : (
            <MessageGroupView key={block.messages[0].id} messages={block.messages} />
          ),
        )}
      </div>
      {!isAtBottom && (
        <button type="button" className="jump-button" onClick={scrollToBottom}>
          <DownIcon /> Latest messages
        </button>
      )}
    </div>
  )
}

/** Without a connection nobody knows whether the room is empty. */
function EmptyRoom() {
  const isOpen = useStore(link.connection).status === 'open'
  return (
    <div className="empty">
      <span className="empty-mark">
        <WaveIcon />
      </span>
      <p className="empty-title">{isOpen ? 'No messages yet' : 'Waiting for the server'}</p>
      <p>
        {isOpen
          ? 'Write the first one. Anyone who opens this room sees what was said before.'
          : 'Messages appear here as soon as it can be reached.'}
      </p>
    </div>
  )
}
