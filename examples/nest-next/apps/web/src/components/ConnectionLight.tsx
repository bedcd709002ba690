'use client'

import { useConnectionState } from 'headwater/react'
import { link } from '@/lib/orpc'

/** Where all streams to the API stand, taken together. */
export function ConnectionLight() {
  const state = useConnectionState(link)
  return <small id="connection">{state.status === 'waiting' ? `retry ${state.retry}` : state.status}</small>
}
