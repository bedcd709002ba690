'use client'

import { useChatRoom } from '@/hooks/useChatRoom'

export function ChatRoom({ roomId }: { readonly roomId: string }) {
  const { messages, isConnected, sendMessage } = useChatRoom(roomId)

  async function send(form: FormData) {
    await sendMessage(String(form.get('message')))
  }

  return (
    <section>
      <p className={`status ${isConnected ? 'on' : 'off'}`}>{isConnected ? 'Connected' : 'Disconnected'}</p>
      <ul id="messages">
        {messages.map(({ id, username, message }) => (
          <li key={id}>
            <strong>{username}:</strong> <span>{message}</span>
          </li>
        ))}
      </ul>
      <form action={send}>
        <input name="message" required placeholder="Say something" aria-label="Message" />
        <button type="submit">Send</button>
      </form>
    </section>
  )
}
