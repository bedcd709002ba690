import { useSyncExternalStore } from 'react'
import type { ConnectionState, ConnectionStore } from '../event/connection-state.ts'

const CLOSED: ConnectionState = { status: 'closed' }

/**
 * Where the streams of a link stand, all taken together. A server renders `closed`.
 *
 * @example
 * const { status } = useConnectionState(link)
 */
export function useConnectionState(link: ConnectionStore | { readonly connection: ConnectionStore }): ConnectionState {
  const store = 'connection' in link ? link.connection : link
  return useSyncExternalStore(
    store.subscribe,
    () => store.state,
    () => CLOSED,
  )
}
