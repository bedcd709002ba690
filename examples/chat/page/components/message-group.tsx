import type { ChatMessage } from '../../contract/index.ts'
import { formatFullTime, formatTime } from '../format-time.ts'
import { userId } from '../model/client.ts'
import type { MessageGroup } from '../model/group-entries.ts'
import { Avatar } from './avatar.tsx'

export function MessageGroupView({ messages }: Pick<MessageGroup, 'messages'>) {
  const [first] = messages
  const isOwn = first.userId === userId
  return (
    <article className="group" data-own={isOwn}>
      {!isOwn && <Avatar name={first.username} />}
      <div className="group-body">
        <header className="group-header">
          <span className="group-author">{isOwn ? 'You' : first.username}</span>
          <Time message={first} />
        </header>
        {messages.map((message) => (
          <p key={message.id} className="bubble" data-testid="message" title={formatFullTime(message.timestamp)}>
            {message.message}
          </p>
        ))}
      </div>
    </article>
  )
}

function Time({ message: { timestamp } }: { message: ChatMessage }) {
  return (
    <time className="group-time" dateTime={timestamp} title={formatFullTime(timestamp)}>
      {formatTime(timestamp)}
    </time>
  )
}
