import type { KeyboardEvent, SubmitEvent } from 'react'
import { useStore } from '../hooks/use-store.ts'
import type { Room } from '../model/room.ts'
import { SendIcon } from './icons.tsx'

const MAX_LENGTH = 4000

export function Composer({ room }: { room: Room }) {
  const { text, isSending, failure } = useStore(room.draft)

  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    void room.send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // While an input method composes a word, Enter ends the word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    void room.send()
  }

  return (
    <form className="composer" onSubmit={onSubmit}>
      {failure !== undefined && (
        <div className="composer-failure" role="alert" data-testid="not-sent">
          <span>
            <strong>Not sent.</strong> {failure}.
          </span>
          <button type="submit" className="text-button">
            Try again
          </button>
        </div>
      )}
      <div className="composer-box">
        <textarea
          className="composer-text"
          data-testid="composer"
          aria-label={`Message to ${room.id}`}
          placeholder={`Message ${room.id}`}
          rows={1}
          maxLength={MAX_LENGTH}
          value={text}
          // Not disabled, which would take the focus away.
          readOnly={isSending}
          onChange={(event) => room.draft.set({ text: event.target.value, isSending: false })}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="send-button" aria-label="Send" disabled={isSending || text.trim() === ''}>
          <SendIcon />
        </button>
      </div>
    </form>
  )
}
