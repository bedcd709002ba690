import { useEffect, useState } from 'react'
import type { NotificationEvent } from '../../contract/index.ts'
import { useStore } from '../hooks/use-store.ts'
import { dismissToast, toasts } from '../model/toasts.ts'
import { CloseIcon } from './icons.tsx'

/** How long a toast stays, in ms, while nobody points at it. */
const DURATION = 6000

export function ToastList() {
  const shown = useStore(toasts)
  return (
    <section className="toasts" aria-live="polite" aria-label="Notifications">
      {shown.map((toast) => (
        <Toast key={toast.id} toast={toast} />
      ))}
    </section>
  )
}

function Toast({ toast: { id, type, message } }: { toast: NotificationEvent }) {
  const [isHeld, setHeld] = useState(false)
  useEffect(() => {
    if (isHeld) return
    const timer = setTimeout(() => dismissToast(id), DURATION)
    return () => clearTimeout(timer)
  }, [id, isHeld])

  return (
    <div
      className="toast"
      data-testid="toast"
      data-type={type}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
    >
      <span className="toast-type">{type}</span>
      <p className="toast-message">{message}</p>
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismissToast(id)}>
        <CloseIcon />
      </button>
    </div>
  )
}
