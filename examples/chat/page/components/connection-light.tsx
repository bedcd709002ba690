import type { ConnectionState } from 'headwater/client'
import { useEffect, useState } from 'react'
import { useStore } from '../hooks/use-store.ts'
import { link } from '../model/client.ts'

/** How the link's streams stand, in colour and in words. */
export function ConnectionLight() {
  const state = useStore(link.connection)
  return (
    <div className="connection" data-testid="connection" data-status={state.status}>
      <span className="connection-dot" aria-hidden="true" />
      <Label state={state} />
    </div>
  )
}

function Label({ state }: { state: ConnectionState }) {
  switch (state.status) {
    case 'open':
      return 'Connected'
    case 'connecting':
      return 'Connecting…'
    case 'closed':
      return 'Offline'
    case 'waiting':
      return <Countdown key={`${state.retry} ${state.delay}`} delay={state.delay} />
  }
}

function Countdown({ delay }: { delay: number }) {
  const [seconds, setSeconds] = useState(Math.ceil(delay / 1000))
  useEffect(() => {
    const end = Date.now() + delay
    const timer = setInterval(() => setSeconds(Math.max(0, Math.ceil((end - Date.now()) / 1000))), 200)
    return () => clearInterval(timer)
  }, [delay])
  return seconds === 0 ? 'Reconnecting…' : `Reconnecting in ${seconds} s…`
}
