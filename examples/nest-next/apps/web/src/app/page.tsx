import { NotificationForm } from '@/components/NotificationForm'
import { NotificationListener } from '@/components/NotificationListener'

export default function HomePage() {
  return (
    <main>
      <h1>Notifications</h1>
      <NotificationForm />
      <NotificationListener />
    </main>
  )
}
