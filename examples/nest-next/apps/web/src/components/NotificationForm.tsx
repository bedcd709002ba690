'use client'

import { client } from '@/lib/orpc'

export function NotificationForm() {
  async function publish(form: FormData) {
    await client.notifications.publish({ type: 'info', message: String(form.get('message')) })
  }
  return (
    <form action={publish}>
      <input name="message" required placeholder="Notify everybody" aria-label="Message" />
      <button type="submit">Publish</button>
    </form>
  )
}
