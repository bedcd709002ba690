import { type SubmitEvent, useState } from 'react'
import type { NotificationType } from '../../contract/index.ts'
import { client } from '../model/client.ts'
import { describeFailure } from '../model/failure.ts'

const TYPES: readonly NotificationType[] = ['info', 'success', 'warning', 'error']
const MAX_LENGTH = 500

export function NotificationForm() {
  const [type, setType] = useState<NotificationType>('info')
  const [message, setMessage] = useState('')
  const [failure, setFailure] = useState<string>()

  const onSubmit = async (event: SubmitEvent) => {
    event.preventDefault()
    try {
      await client.notifications.publish({ type, message })
      setMessage('')
      setFailure(undefined)
    } catch (error) {
      setFailure(describeFailure(error))
    }
  }

  return (
    <details className="notify">
      <summary className="section-title">Notify everyone</summary>
      <form className="notify-form" onSubmit={onSubmit}>
        <input
          className="field"
          data-testid="notification-input"
          aria-label="Notification"
          placeholder="Notification"
          required
          maxLength={MAX_LENGTH}
          autoComplete="off"
          value={message}
          onChange={(event) => setMessage(event.target.value)}
        />
        <select
          className="field"
          aria-label="Type of the notification"
          value={type}
          onChange={(event) => setType(event.target.value as NotificationType)}
        >
          {TYPES.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
        <button type="submit" className="button" data-testid="notification-send">
          Send
        </button>
        {failure !== undefined && <p className="notify-failure">Not sent. {failure}.</p>}
      </form>
    </details>
  )
}
