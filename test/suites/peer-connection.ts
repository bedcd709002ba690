import { describe, test } from 'vitest'
import { type PeerTransport, peerChecks } from './peer-checks.ts'

/** What every duplex transport does, as tests. @param start is called once, before the first of them. */
export function testPeerConnection(transport: PeerTransport): void {
  describe('a connection', () => {
    for (const { name, run } of peerChecks(transport)) test(name, { retry: 2, timeout: 10_000 }, run)
  })
}
