import { useStore } from '../hooks/use-store.ts'
import { MAX_NAME_LENGTH, username } from '../model/username.ts'
import { Avatar } from './avatar.tsx'

export function NameField() {
  const name = useStore(username)
  return (
    <label className="name-field">
      <Avatar name={name.trim() || 'guest'} />
      <span className="name-field-body">
        <span className="name-field-label">Your name</span>
        <input
          className="field"
          data-testid="name-input"
          placeholder="guest"
          maxLength={MAX_NAME_LENGTH}
          autoComplete="off"
          value={name}
          onChange={(event) => username.set(event.target.value)}
        />
      </span>
    </label>
  )
}
