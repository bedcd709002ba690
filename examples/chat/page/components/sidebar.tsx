import { useEffect } from 'react'
import { CloseIcon, WaveIcon } from './icons.tsx'
import { NameField } from './name-field.tsx'
import { NotificationForm } from './notification-form.tsx'
import { RoomForm } from './room-form.tsx'
import { RoomList } from './room-list.tsx'

/** On a narrow screen it is a drawer. */
export function Sidebar({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  useEffect(() => {
    if (!isOpen) return
    const onKeyDown = (event: KeyboardEvent) => event.key === 'Escape' && onClose()
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [isOpen, onClose])

  return (
    <>
      <div className="backdrop" data-open={isOpen} onClick={onClose} aria-hidden="true" />
      <aside className="sidebar" data-open={isOpen} aria-label="Rooms and settings">
        <div className="brand">
          <span className="brand-mark">
            <WaveIcon />
          </span>
          <span className="brand-name">Headwater chat</span>
          <button type="button" className="icon-button menu-button" aria-label="Close" onClick={onClose}>
            <CloseIcon />
          </button>
        </div>
        <div className="sidebar-scroll">
          <RoomList onChoose={onClose} />
          <RoomForm onJoin={onClose} />
        </div>
        <div className="sidebar-foot">
          <NotificationForm />
          <NameField />
        </div>
      </aside>
    </>
  )
}
